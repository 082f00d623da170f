package store

import (
	"bytes"
	"database/sql"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/testbed"
)

// A flipped bit of any image or source that a real database holds is found.
func TestDamagedParts(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the whole system")
	}
	e, _, err := experiments.Load("quick")
	if err != nil {
		t.Fatal(err)
	}
	sys, err := testbed.Build(e, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	parts := sys.Parts()
	path := filepath.Join(t.TempDir(), "quick.db")
	db, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r := rand.New(rand.NewPCG(1, 1))
	for _, p := range parts {
		err := db.tx(func(tx *sql.Tx) error {
			if _, err := tx.Exec("DELETE FROM parts; DELETE FROM campaigns"); err != nil {
				return err
			}
			return insertCampaign(tx, &Campaign{File: []byte("x")}, []experiments.Part{p})
		})
		if err != nil {
			t.Fatal(err)
		}
		if read, err := db.Parts(); err != nil || len(read) != 1 || !bytes.Equal(read[0].Data, p.Data) {
			t.Errorf("%s %s is not read back: %v", p.Kind, p.Name, err)
		}
		packed := deflate(p.Data)
		at, bit := r.IntN(len(packed)), r.IntN(8)
		packed[at] ^= 1 << bit
		if _, err := db.sql.Exec("UPDATE parts SET data = ?", packed); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Parts(); err == nil || !strings.Contains(err.Error(), "database "+path+": part "+p.Kind+" "+p.Name+" is damaged") {
			t.Errorf("bit %d of byte %d of %s %s: %v", bit, at, p.Kind, p.Name, err)
		}
	}
}
