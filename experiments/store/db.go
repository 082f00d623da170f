package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

// DB is a results database: one campaign.
type DB struct {
	sql  *sql.DB
	path string
	lock *os.File // held while a campaign runs; nil in a reader

	sealed   bool // its records have seals
	readOnly bool // its file cannot be written
}

// Path is the name of its file.
func (db *DB) Path() string { return db.path }

// Keeps tells whether findings and causes are kept in it: see keep.
func (db *DB) Keeps() bool { return db.sealed && !db.readOnly }

// Open opens path for a campaign, making it when it does not exist, and keeps
// every other campaign away from it until Close.
func Open(path string) (*DB, error) {
	if err := writable(path); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, unopened(path, err)
	}
	if err := locked(lock, path); err != nil {
		lock.Close()
		return nil, err
	}
	db, err := connect(path, "rwc")
	if err != nil {
		lock.Close()
		return nil, err
	}
	db.lock = lock
	if err := db.create(); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// OpenReader opens an existing database without changing it.
func OpenReader(path string) (*DB, error) {
	info, err := os.Stat(path)
	if err != nil {
		if _, near := os.Stat(path + ".db"); near == nil {
			return nil, fmt.Errorf("database %s: %w (do you mean %s.db?)", path, plain(err), path)
		}
		return nil, fmt.Errorf("database %s: %w; `resvirt run EXPERIMENT` makes one", path, plain(err))
	}
	if err := regular(path, info); err != nil {
		return nil, err
	}
	const read = 4
	if err := syscall.Access(path, read); err != nil { // closing a file would drop SQLite's locks on it
		return nil, fmt.Errorf("database %s: %w", path, err)
	}
	db, err := connect(path, "rw")
	if err != nil {
		return nil, err
	}
	if err := db.check(); err != nil {
		db.Close()
		return nil, err
	}
	if err := db.checkCampaign(); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

func connect(path, mode string) (*DB, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", path, err)
	}
	if f, err := os.OpenFile(path, os.O_RDWR, 0); mode == "rw" && err != nil {
		mode = "ro&immutable=1" // a database on a read-only medium can still be read
	} else if err == nil {
		f.Close()
	}
	dsn := "file:" + (&url.URL{Path: absolute}).EscapedPath() + "?mode=" + mode + "&_busy_timeout=10000&_txlock=immediate"
	if mode == "rwc" {
		dsn += "&_journal_mode=WAL&_synchronous=FULL"
	}
	s, err := sql.Open("sqlite3", dsn)
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", path, err)
	}
	s.SetMaxOpenConns(1)
	return &DB{sql: s, path: path, readOnly: strings.HasPrefix(mode, "ro&")}, nil
}

// create makes the tables in an empty database and checks any other.
func (db *DB) create() error {
	var tables int
	if err := db.sql.QueryRow("SELECT count(*) FROM sqlite_master").Scan(&tables); err != nil {
		return db.wrapped(err)
	}
	if tables > 0 {
		if err := db.check(); err != nil || db.sealed {
			return err
		}
		return db.older()
	}
	db.sealed = true
	return db.tx(func(tx *sql.Tx) error {
		if _, err := tx.Exec(schema); err != nil {
			return err
		}
		_, err := tx.Exec("INSERT INTO meta VALUES ('format', ?), ('program', 'resvirt')", Format)
		return err
	})
}

func (db *DB) older() error {
	return fmt.Errorf("database %s has format %s of an older program: it can be read, but not gone on with; name another with --db", db.path, OlderFormat)
}

// check refuses a file that is not a database of this program and format, or damaged.
func (db *DB) check() error {
	if err := db.checkFormat(); err != nil {
		return err
	}
	if err := db.checkPages(); err != nil || db.sealed {
		return err
	}
	return db.checkUnsealed()
}

// checkFormat refuses a file that is not a database of this program and format.
func (db *DB) checkFormat() error {
	var format string
	err := db.sql.QueryRow("SELECT value FROM meta WHERE key = 'format'").Scan(&format)
	var e sqlite3.Error
	switch {
	case errors.Is(err, sql.ErrNoRows), errors.As(err, &e) && (e.Code == sqlite3.ErrNotADB || e.Code == sqlite3.ErrError):
		return fmt.Errorf("%s is not a results database of resvirt", db.path)
	case err != nil:
		return db.wrapped(err)
	case format != Format && format != OlderFormat:
		return fmt.Errorf("database %s has format %s, this program writes format %s and reads that and %s", db.path, format, Format, OlderFormat)
	}
	db.sealed = format == Format
	return nil
}

// checkUnsealed refuses a database that says it is of the format before seals, but
// has them: the numbers of the two formats differ in one bit, and no seal would be
// checked.
func (db *DB) checkUnsealed() error {
	var seals int
	if err := db.sql.QueryRow("SELECT count(*) FROM pragma_table_info('campaigns') WHERE name = 'seal'").Scan(&seals); err != nil {
		return db.wrapped(err)
	}
	if seals != 0 {
		return db.damaged("its format", errors.New("it is "+OlderFormat+", and there are seals"))
	}
	return nil
}

// checkPages lets SQLite check its pages: a lost page would be lost rows.
func (db *DB) checkPages() error {
	var found string
	if err := db.sql.QueryRow("PRAGMA quick_check(1)").Scan(&found); err != nil {
		return db.wrapped(err)
	}
	if found != "ok" {
		found = strings.TrimPrefix(found, "*** in database main ***\n")
		return db.damaged("its structure", errors.New(strings.ReplaceAll(found, "\n", "; ")))
	}
	return nil
}

// tx runs f in a transaction.
func (db *DB) tx(f func(*sql.Tx) error) error {
	tx, err := db.sql.BeginTx(context.Background(), nil)
	if err != nil {
		return db.wrapped(err)
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback() // the first error is the one to report
		return db.wrapped(err)
	}
	if err := tx.Commit(); err != nil {
		return db.wrapped(err)
	}
	return nil
}

// Still runs f on one state of the database, even if another process writes
// meanwhile: in a read transaction on the only connection.
func (db *DB) Still(f func() error) error {
	if _, err := db.sql.Exec("BEGIN DEFERRED"); err != nil {
		return db.wrapped(err)
	}
	err := f()
	if _, end := db.sql.Exec("ROLLBACK"); err == nil && end != nil {
		err = db.wrapped(end)
	}
	return err
}

var errUnwritable = errors.New("cannot be written")

// wrapped turns SQLite's errors into what happened and what to do.
func (db *DB) wrapped(err error) error {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("database %s: %w", db.path, err)
	}
	switch e.Code {
	case sqlite3.ErrFull:
		return fmt.Errorf("database %s: the disk is full; all reported runs are kept: make room and run the same command again", db.path)
	case sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrCantOpen:
		return fmt.Errorf("database %s %w; name another with --db", db.path, errUnwritable)
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return fmt.Errorf("database %s is in use by another program; wait for it or name another with --db", db.path)
	case sqlite3.ErrNotADB, sqlite3.ErrCorrupt:
		return fmt.Errorf("%s is not a results database of resvirt, or it is damaged (%w)", db.path, err)
	case sqlite3.ErrIoErr:
		return fmt.Errorf("database %s: the disk failed or is full (%w); all reported runs are kept", db.path, err)
	}
	return fmt.Errorf("database %s: %w", db.path, err)
}

// Close releases the database.
func (db *DB) Close() error {
	err := db.sql.Close()
	if db.lock != nil {
		db.lock.Close()
	}
	if err != nil {
		return fmt.Errorf("database %s: %w", db.path, err)
	}
	return nil
}

// plain strips the operation and path off a file error: the message has them.
func plain(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
