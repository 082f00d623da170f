package campaign_test

import (
	"os"
	"path/filepath"
	"testing"

	"resvirt/experiments/campaign"
)

// A journal is read back up to a line that was cut off, by the same work only.
func TestJournal(t *testing.T) {
	dir := t.TempDir()
	open := func(of string) *campaign.Journal {
		t.Helper()
		j, err := campaign.OpenJournal(dir, "work", of)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	j := open("a")
	for i := range 3 {
		if err := j.Keep("squares", i, i*i); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := campaign.OpenJournal(dir, "work", "a"); err == nil {
		t.Error("two write into one journal")
	}
	if other := open("b"); other.Count("squares") != 0 || other.Close(false) != nil {
		t.Error("other work has it, too")
	}
	if err := j.Close(false); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(j.Dir, "journal")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut < len(text); cut += 7 {
		if err := os.WriteFile(path, text[:cut], 0o666); err != nil {
			t.Fatal(err)
		}
		j := open("a")
		if err := j.Keep("squares", 9, 81); err != nil {
			t.Fatal(err)
		}
		if err := j.Close(false); err != nil {
			t.Fatal(err)
		}
		j = open("a")
		n := 0
		for i := range 10 {
			var v int
			if j.Result("squares", i, &v) {
				if n++; v != i*i {
					t.Fatalf("cut after %d bytes: %d for %d", cut, v, i)
				}
			}
		}
		if n == 0 || n > 4 || n != j.Count("squares") || !j.Has("squares", 9) || j.Has("cubes", 9) {
			t.Fatalf("cut after %d bytes: %d pieces, %d counted", cut, n, j.Count("squares"))
		}
		if err := j.Close(false); err != nil {
			t.Fatal(err)
		}
	}
	if err := open("a").Close(true); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v is left: %v", left, err)
	}
}
