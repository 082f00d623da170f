package store

import (
	"database/sql"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// session records what must not be in a campaign's rows: which host worked on
// it, with which program, when, and how fast.
type session struct {
	db     *DB
	row    int64
	values []any // of its columns
}

// Begin records that a command begins to work.
func (db *DB) Begin(workers int, command string, speed, restore float64) (*session, error) {
	s := &session{db: db}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return s, db.tx(func(tx *sql.Tx) error {
		s.values = []any{1, now(), nil, host, cpuModel(), runtime.NumCPU(), workers, runtime.Version(), revision(), command, 0, 0.0, speed, restore}
		r, err := tx.Exec("INSERT "+sealedInto("sessions", len(s.values)), sealed("sessions", s.values)...)
		if err != nil {
			return err
		}
		s.row, err = r.LastInsertId()
		return err
	})
}

// End records what it did.
func (s *session) End(runs int, elapsed time.Duration) error {
	return s.db.tx(func(tx *sql.Tx) error {
		ended, seconds := now(), elapsed.Seconds()
		s.values[2], s.values[10], s.values[11] = ended, runs, seconds
		_, err := tx.Exec("UPDATE sessions SET ended = ?, runs = ?, seconds = ?, seal = ? WHERE rowid = ?",
			ended, runs, seconds, sealOf("sessions", s.values), s.row)
		return err
	})
}

func now() string { return time.Now().UTC().Format(time.RFC3339) }

// cpuModel is what Linux calls the host's processor.
func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// revision is the commit that this program was built from, as far as known.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return info.Main.Version
}
