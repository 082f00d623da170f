package store

import (
	"bytes"
	"compress/flate"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"resvirt/experiments"
)

// Campaign is the head of a database.
type Campaign struct {
	Digest       string
	Experiment   string
	File         []byte
	Seed         uint64
	Identity     string
	Semantics    string
	Golden       experiments.Facts
	GoldenDigest string
}

// Head reads the head; ok is false in a new database.
func (db *DB) Head() (c Campaign, ok bool, err error) {
	var golden string
	var seed int64
	if err := db.whole("campaigns", ""); err != nil {
		return c, false, err
	}
	row := db.sql.QueryRow("SELECT digest, experiment, file, seed, identity, semantics, golden, golden_digest FROM campaigns")
	err = row.Scan(&c.Digest, &c.Experiment, &c.File, &seed, &c.Identity, &c.Semantics, &golden, &c.GoldenDigest)
	if errors.Is(err, sql.ErrNoRows) {
		return c, false, nil
	}
	if err != nil {
		return c, false, db.wrapped(err)
	}
	c.Seed = uint64(seed)
	if err := json.Unmarshal([]byte(golden), &c.Golden); err != nil {
		return c, false, fmt.Errorf("database %s: golden facts: %w", db.path, err)
	}
	return c, true, nil
}

// Campaign reads the head of a database that must have one.
func (db *DB) Campaign() (Campaign, error) {
	c, ok, err := db.Head()
	if err == nil && !ok {
		err = db.noCampaign()
	}
	return c, err
}

func (db *DB) noCampaign() error {
	return fmt.Errorf("database %s holds no campaign yet: the run that makes it has not done its golden run, or was stopped before", db.path)
}

// checkCampaign refuses a database without a campaign: what is read of it would seem
// to be one without runs.
func (db *DB) checkCampaign() error {
	var n int
	if err := db.sql.QueryRow("SELECT count(*) FROM campaigns").Scan(&n); err != nil {
		return db.wrapped(err)
	}
	if n == 0 {
		return db.noCampaign()
	}
	return nil
}

// Admit lets a campaign into the database: it must be empty or hold the same
// one. Settings may be added; a setting that is there already must have the
// same steps.
func (db *DB) Admit(c *Campaign, settings []experiments.Setting, sys experiments.System) error {
	old, ok, err := db.Head()
	if err != nil {
		return err
	}
	if ok && old.Digest != c.Digest {
		return fmt.Errorf("database %s holds another campaign (%s %s; this is %s %s): %s; name another with --db or move it away",
			db.path, old.Experiment, Short(old.Digest), c.Experiment, Short(c.Digest), Difference(old.Identity, c.Identity))
	}
	if err := db.AdmitSettings(settings); err != nil {
		return err
	}
	return db.tx(func(tx *sql.Tx) error {
		if !ok {
			if err := insertCampaign(tx, c, sys.Parts()); err != nil {
				return err
			}
		}
		for i, s := range settings {
			policy := experiments.MustPolicy(s, sys)
			values := []any{1, s.Name, i, fmt.Sprintf("%#x", policy), strings.Join(s.Steps, " ")}
			if _, err := tx.Exec("INSERT OR IGNORE "+sealedInto("settings", len(values)), sealed("settings", values)...); err != nil {
				return err
			}
		}
		return nil
	})
}

// AdmitSettings refuses settings that the database has with other steps.
func (db *DB) AdmitSettings(settings []experiments.Setting) error {
	stored, err := db.Settings()
	if err != nil {
		return err
	}
	for _, s := range settings {
		for _, o := range stored {
			if s.Name == o.Name && !experiments.SameSteps(s.Steps, o.Steps) {
				return fmt.Errorf("database %s has setting %q with steps %q, the experiment with %q: give the new one another name", db.path, s.Name, o.Steps, s.Steps)
			}
		}
	}
	return nil
}

func insertCampaign(tx *sql.Tx, c *Campaign, parts []experiments.Part) error {
	golden, err := json.Marshal(c.Golden)
	if err != nil {
		return err
	}
	head := []any{1, c.Digest, c.Experiment, c.File, int64(c.Seed), c.Identity, c.Semantics, string(golden), c.GoldenDigest}
	if _, err = tx.Exec("INSERT "+sealedInto("campaigns", len(head)), sealed("campaigns", head)...); err != nil {
		return err
	}
	for _, p := range parts {
		values := []any{p.Kind, p.Name, p.Digest, deflate(p.Data)}
		if _, err := tx.Exec("INSERT "+sealedInto("parts", len(values)), sealed("parts", values)...); err != nil {
			return err
		}
	}
	return nil
}

// Settings reads the settings in the order of the experiment file.
func (db *DB) Settings() ([]experiments.Setting, error) {
	if err := db.whole("settings", ""); err != nil {
		return nil, err
	}
	rows, err := db.sql.Query("SELECT name, steps FROM settings ORDER BY position, name")
	if err != nil {
		return nil, db.wrapped(err)
	}
	defer rows.Close()
	var list []experiments.Setting
	for rows.Next() {
		var s experiments.Setting
		var steps string
		if err := rows.Scan(&s.Name, &steps); err != nil {
			return nil, db.wrapped(err)
		}
		s.Steps = strings.Fields(steps)
		list = append(list, s)
	}
	return list, rows.Err()
}

// Parts reads everything that a replay needs besides the experiment file, and
// checks each part against its digest.
func (db *DB) Parts() ([]experiments.Part, error) {
	if err := db.whole("parts", ""); err != nil {
		return nil, err
	}
	rows, err := db.sql.Query("SELECT kind, name, digest, data FROM parts ORDER BY kind, name")
	if err != nil {
		return nil, db.wrapped(err)
	}
	defer rows.Close()
	var list []experiments.Part
	for rows.Next() {
		var p experiments.Part
		var packed []byte
		if err := rows.Scan(&p.Kind, &p.Name, &p.Digest, &packed); err != nil {
			return nil, db.wrapped(err)
		}
		p.Data, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), largestPart))
		if err == nil && experiments.Sum(p.Data) != p.Digest {
			err = errSeal
		}
		if err != nil {
			return nil, db.damaged(recordName("parts", []any{p.Kind, p.Name}), err)
		}
		list = append(list, p)
	}
	return list, rows.Err()
}

// largestPart bounds the size to which a damaged part can unpack.
const largestPart = 1 << 30

func deflate(data []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	// Writing to a buffer cannot fail.
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

// Difference names the first fact in which two campaigns differ.
func Difference(old, now string) string {
	a, b := strings.Split(old, "\n"), strings.Split(now, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("it has %q, this has %q", a[i], b[i])
		}
	}
	return "one has more images than the other"
}

// Short is the beginning of a digest, for people.
func Short(digest string) string { return digest[:min(12, len(digest))] }

// Setting reads one setting.
func (db *DB) Setting(name string) (experiments.Setting, error) {
	settings, err := db.Settings()
	if err != nil {
		return experiments.Setting{}, err
	}
	var names []string
	for _, s := range settings {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return experiments.Setting{}, experiments.FileError{Err: fmt.Errorf("database %s has no setting %q; it has %s", db.path, name, strings.Join(names, ", "))}
}
