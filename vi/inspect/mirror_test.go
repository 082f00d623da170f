package inspect

import (
	"encoding/binary"
	"testing"

	"resvirt/vi/image"
)

// TestMirrorsOfOlderVMMs: a field that an image may lack is left as it is, and the others are
// read; without this word for it, its absence is named.
func TestMirrorsOfOlderVMMs(t *testing.T) {
	m, err := image.Build(image.Spec{Root: "../..", Pkg: "./vi/vmm", Kind: image.VMM})
	if err != nil {
		t.Fatal(err)
	}
	v, err := Open(m)
	if err != nil {
		t.Fatal(err)
	}
	if _, lacks := v.bind("main.Domain", struct{ Id, Nowhere uint64 }{}); len(lacks) != 1 {
		t.Errorf("the image lacks %q", lacks)
	}
	type domain struct {
		Nowhere uint64 `may:"lack"`
		Id      uint64
	}
	mirror, lacks := v.bind("main.Domain", domain{})
	if len(lacks) != 0 {
		t.Fatalf("the image lacks %q", lacks)
	}
	at, err := v.At("main.Domain", 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	id, err := at.Field("id")
	if err != nil {
		t.Fatal(err)
	}
	memory := make([]byte, at.Size())
	binary.LittleEndian.PutUint16(memory[id.Addr:], 7)
	got := domain{Nowhere: 3}
	err = mirror.read(func(addr uint64, to []byte) error { copy(to, memory[addr:]); return nil }, 0, &got)
	if err != nil || got != (domain{3, 7}) {
		t.Errorf("read %+v, %v", got, err)
	}
}
