package store

import (
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"
)

// Each record of a database has a seal, the digest of its columns. With a
// flipped bit in the file a result would be wrong: so every record is checked
// against its seal when it is read, and damage is reported with its place.

// sealOf is the seal of a record with these values, in the order of its columns.
func sealOf(table string, values []any) string {
	h := sha256.New()
	fmt.Fprintln(h, table)
	for _, v := range values {
		sealValue(h, v)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// sealValue adds a value as SQLite gives it back: bool as number, text and blobs
// as bytes.
func sealValue(h hash.Hash, v any) {
	v, err := driver.DefaultParameterConverter.ConvertValue(v)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	switch v := v.(type) {
	case nil:
		fmt.Fprintln(h, "null")
	case bool:
		n := 0
		if v {
			n = 1
		}
		fmt.Fprintln(h, n)
	case string:
		fmt.Fprintf(h, "%d bytes %s\n", len(v), v)
	case []byte:
		fmt.Fprintf(h, "%d bytes %s\n", len(v), v)
	default:
		fmt.Fprintln(h, v)
	}
}

// sealedInto is the end of the statement that inserts a record of so many columns
// and its seal.
func sealedInto(table string, columns int) string {
	return "INTO " + table + " VALUES (" + strings.Repeat("?, ", columns) + "?)"
}

// sealed appends a record's seal to its values.
func sealed(table string, values []any) []any { return append(values, sealOf(table, values)) }

// whole checks records of a table against their seals: all, or those of a WHERE
// clause. Databases of the format before seals pass.
func (db *DB) whole(table, where string, args ...any) error {
	return db.wholeEach(func() error { return nil }, table, where, args...)
}

// wholeEach is like whole; it calls each after every record, whose error ends
// it.
func (db *DB) wholeEach(each func() error, table, where string, args ...any) error {
	if !db.sealed {
		return nil
	}
	rows, err := db.sql.Query("SELECT * FROM "+table+" "+where, args...)
	if err != nil {
		return db.wrapped(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return db.wrapped(err)
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	last := len(columns) - 1
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return db.wrapped(err)
		}
		if values[last] != sealOf(table, values[:last]) {
			return db.damaged(recordName(table, values), errSeal)
		}
		if err := each(); err != nil {
			return err
		}
	}
	return db.wrappedIfAny(rows.Err())
}

var errSeal = errors.New("its content has another digest than the one stored with it")

// damaged is the error for a record that is not as it was written.
func (db *DB) damaged(record string, err error) error {
	return fmt.Errorf("database %s: %s is damaged: %w; take a copy of the file that is whole, or run the experiment again into another file (--db)", db.path, record, err)
}

// recordName is a record's name in messages; its key is the first of its
// columns.
func recordName(table string, values []any) string {
	var name string
	switch table {
	case "parts":
		name = fmt.Sprintf("part %s %s", values[0], values[1])
	case "runs":
		name = fmt.Sprintf("run %s/%v", values[1], values[2])
	case "causes":
		name = fmt.Sprintf("the cause of run %s/%v", values[1], values[2])
	case "findings":
		name = fmt.Sprintf("finding %s", values[1])
	case "settings":
		name = fmt.Sprintf("setting %s", values[1])
	case "planned":
		name = fmt.Sprintf("the plan of setting %s", values[1])
	case "sessions":
		name = fmt.Sprintf("the session of %s", values[1])
	default:
		name = "the head of its campaign"
	}
	return strings.ToValidUTF8(name, "?")
}

// WholeRuns checks all runs against their seals. It calls each after every run,
// whose error ends it.
func (db *DB) WholeRuns(each func() error) error { return db.wholeEach(each, "runs", "") }
