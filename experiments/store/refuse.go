package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// What can be said of a path before it is opened.

// Refuse says what Open would refuse, as far as that can be told at once, and makes
// nothing: what comes before a campaign takes time.
func Refuse(path string) error {
	if err := writable(path); err != nil {
		return err
	}
	lock, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return unopened(path, err)
	}
	err = locked(lock, path)
	lock.Close()
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return err
	}
	db, err := connect(path, "rw")
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.checkFormat(); err != nil || db.sealed {
		return err
	}
	return db.older()
}

// locked takes a database for one run.
func locked(lock *os.File, path string) error {
	// flock and SQLite's own fcntl locks do not see each other on Linux.
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("database %s is in use by another run; wait for it or name another with --db", path)
	}
	return nil
}

func unopened(path string, err error) error {
	return fmt.Errorf("database %s: %w; name another with --db", path, plain(err))
}

// writable refuses a path whose directory or file cannot be written, and says
// which.
func writable(path string) error {
	const write = 2
	info, err := os.Stat(path)
	switch {
	case err == nil:
		if err := regular(path, info); err != nil {
			return fmt.Errorf("%w; name a file with --db", err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return unopened(path, err)
	default:
		dir := filepath.Dir(path)
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return fmt.Errorf("database %s: its directory does not exist; make it or name another with --db", path)
		}
		if err := syscall.Access(dir, write); err != nil {
			return unopened(path, err)
		}
	}
	return nil
}

// regular refuses what is no file with a content of its own, and says what it is.
func regular(path string, info fs.FileInfo) error {
	kind := "no regular file"
	switch m := info.Mode(); {
	case m.IsRegular():
		return nil
	case m.IsDir():
		kind = "a directory"
	case m&fs.ModeNamedPipe != 0:
		kind = "a pipe"
	case m&fs.ModeSocket != 0:
		kind = "a socket"
	case m&fs.ModeDevice != 0:
		kind = "a device"
	}
	return fmt.Errorf("database %s is %s", path, kind)
}
