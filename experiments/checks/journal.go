package checks

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"resvirt/experiments/store"
)

// journal is a file that keeps which runs of which checks have passed, so that a
// self-check that was interrupted goes on from there.
type journal struct {
	dir    string // also of the campaigns' databases
	mu     sync.Mutex
	file   *os.File
	passed map[record]bool
}

// record is a run of a check.
type record struct {
	check string
	run   int
}

// A line of the file is a record and the mark; what was cut off is not.
const (
	journalFile = "journal"
	passedMark  = "passed"
)

// openJournal opens the journal of a self-check, which of tells apart from others, in a
// directory for all of them. It is of use to the same program only.
func openJournal(base, of string) (*journal, error) {
	program, err := store.Program()
	if err != nil {
		return nil, err
	}
	removeForgotten(base)
	dir := filepath.Join(base, fmt.Sprintf("selfcheck-%.16x", sha256.Sum256([]byte(program+" "+of))))
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	j := &journal{dir: dir, passed: map[record]bool{}}
	path := filepath.Join(dir, journalFile)
	if j.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666); err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(j.file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		j.file.Close()
		return nil, errors.New("another self-check of the same kind is at work: wait for it")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		var r record
		var mark string
		if n, _ := fmt.Sscanf(line, "%q %d %s", &r.check, &r.run, &mark); n == 3 && mark == passedMark {
			j.passed[r] = true
		}
	}
	return j, nil
}

// forgotten is after how long nobody will go on with a self-check any more.
const forgotten = 30 * 24 * time.Hour

// removeForgotten removes journals of self-checks that were never gone on with. What
// cannot be removed stays for the next time.
func removeForgotten(base string) {
	list, _ := filepath.Glob(filepath.Join(base, "selfcheck-*", journalFile)) // the pattern is right
	for _, path := range list {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > forgotten {
			_ = os.RemoveAll(filepath.Dir(path))
		}
	}
}

// has tells whether a run of a check has passed.
func (j *journal) has(check string, run int) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.passed[record{check, run}]
}

// count is how many runs of a check have passed.
func (j *journal) count(check string) (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for r := range j.passed {
		if r.check == check {
			n++
		}
	}
	return n
}

// pass notes that a run of a check has passed. The line break before it ends what an
// earlier program may have left of a line.
func (j *journal) pass(check string, run int) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.passed[record{check, run}] = true
	_, err := fmt.Fprintf(j.file, "\n%q %d %s\n", check, run, passedMark)
	return err
}

// close leaves the journal for the next time, or removes it if all is done, or nothing.
func (j *journal) close(done bool) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	err := j.file.Close()
	if done || len(j.passed) == 0 {
		err = errors.Join(err, os.RemoveAll(j.dir))
	}
	return err
}
