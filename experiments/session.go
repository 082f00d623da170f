package experiments

import (
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"database/sql"
)

// session records beside the campaign what must not be in its rows: which host
// worked on it, with what, when, and how fast.
type session struct {
	db             *DB
	workers        int
	command        string
	speed, restore float64
	row            int64
}

func (s *session) begin() error {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return s.db.tx(func(tx *sql.Tx) error {
		r, err := tx.Exec("INSERT INTO sessions (campaign, started, host, cpu, cores, workers, toolchain, program, command, golden_speed, restore_us) VALUES (1,?,?,?,?,?,?,?,?,?,?)",
			time.Now().UTC().Format(time.RFC3339), host, cpuModel(), runtime.NumCPU(), s.workers, runtime.Version(), revision(), s.command, s.speed, s.restore)
		if err != nil {
			return err
		}
		s.row, err = r.LastInsertId()
		return err
	})
}

func (s *session) end(runs int, elapsed time.Duration) error {
	return s.db.tx(func(tx *sql.Tx) error {
		_, err := tx.Exec("UPDATE sessions SET ended = ?, runs = ?, seconds = ? WHERE rowid = ?",
			time.Now().UTC().Format(time.RFC3339), runs, elapsed.Seconds(), s.row)
		return err
	})
}

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
