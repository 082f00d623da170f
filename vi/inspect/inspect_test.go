package inspect_test

import (
	"testing"

	"resvirt/vi/image"
	"resvirt/vi/inspect"
)

func TestReadsTheVMMsVariables(t *testing.T) {
	m, err := image.Build(image.Spec{Root: "../..", Pkg: "./vi/vmm", Kind: image.VMM})
	if err != nil {
		t.Fatal(err)
	}
	v, err := inspect.Open(m)
	if err != nil {
		t.Fatal(err)
	}
	stats, err := v.Var("main.stats", inspect.Initial(m))
	if err != nil {
		t.Fatal(err)
	}
	row, err := stats.Index(1)
	if err != nil || row.Addr != stats.Addr+uint64(row.Size()) {
		t.Errorf("stats[1] at %#x, stats at %#x: %v", row.Addr, stats.Addr, err)
	}
	if _, err := stats.Index(stats.Len()); err == nil {
		t.Error("an element behind the end was found")
	}
	if _, err := stats.Uint(); err == nil {
		t.Error("an array was read as a number")
	}
	if _, err := v.Var("main.nonesuch", inspect.Initial(m)); err == nil {
		t.Error("a variable was found that does not exist")
	}
}

func TestFindsLocks(t *testing.T) {
	m, err := image.Build(image.Spec{Root: "../..", Pkg: "./vi/vmm", Kind: image.VMM})
	if err != nil {
		t.Fatal(err)
	}
	v, err := inspect.Open(m)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	v.Find("main.spinlock", inspect.Initial(m), func(l inspect.Value) {
		if seen[l.Name()] {
			t.Errorf("%s was found twice", l.Name())
		}
		seen[l.Name()] = true
	})
	if !seen["main.consoleLock"] {
		t.Errorf("the console's lock was not found among %d", len(seen))
	}
}
