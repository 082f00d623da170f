package inspect_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"resvirt/vi/image"
	"resvirt/vi/inspect"
)

func openVMM(t *testing.T) *inspect.View {
	t.Helper()
	m, err := image.Build(image.Spec{Root: "../..", Pkg: "./vi/vmm", Kind: image.VMM})
	if err != nil {
		t.Fatal(err)
	}
	v, err := inspect.Open(m)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestChecksKnowTheVMM fails when a field that a check reads is renamed.
func TestChecksKnowTheVMM(t *testing.T) {
	if _, err := inspect.NewChecker(openVMM(t)); err != nil {
		t.Fatal(err)
	}
}

func TestChecksNameWhatIsMissing(t *testing.T) {
	m, err := image.Build(image.Spec{Root: "../..", Pkg: "./vi/appvm", Kind: image.Guest})
	if err != nil {
		t.Fatal(err)
	}
	v, err := inspect.Open(m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := inspect.NewChecker(v); err == nil || !strings.Contains(err.Error(), "there is no struct main.Domain") {
		t.Errorf("a guest kernel passes for the VMM: %v", err)
	}
}

// TestChecksEndOnNoise: whatever memory holds, the checks end and do not panic.
func TestChecksEndOnNoise(t *testing.T) {
	v := openVMM(t)
	c, err := inspect.NewChecker(v)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 1))
		initial := inspect.Initial(v.Image())
		noise := func(va uint64, buf []byte) error {
			if seed%2 == 0 && initial(va, buf) == nil {
				for i := range buf {
					if r.IntN(50) == 0 {
						buf[i] = byte(r.Uint32())
					}
				}
				return nil
			}
			for i := range buf {
				buf[i] = byte(r.Uint32()&r.Uint32()>>8) & 0x1f
			}
			return nil
		}
		m := &inspect.Machine{Memory: noise, CPUs: make([]inspect.Processor, 2), Frames: 4096}
		if len(c.Check(m)) == 0 {
			t.Errorf("seed %d: noise satisfies all invariants", seed)
		}
		c.Locks(m)
	}
}
