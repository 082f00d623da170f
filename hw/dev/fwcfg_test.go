package dev

import (
	"testing"

	"resvirt/hw/bus"
)

func newFWCfg() *FWCfg {
	return NewFWCfg(FWCfgDir([]FWCfgItem{{Key: FWCfgCPUs, Data: []byte{4, 0}}}, FWCfgFile{"etc/a", []byte("content")}))
}

// read selects an item and reads n bytes of it.
func (f *FWCfg) read(key uint16, n int) string {
	f.Out(0, 2, uint32(key))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(f.In(1, 1))
	}
	return string(b)
}

func TestFWCfg(t *testing.T) {
	f := newFWCfg()
	for _, c := range []struct {
		key  uint16
		want string
	}{
		{FWCfgSignature, "QEMU\x00\x00"}, // zeroes behind the end
		{FWCfgID, "\x01\x00\x00\x00"},
		{FWCfgCPUs, "\x04\x00"},
		{FWCfgCPUs | 0x4000, "\x04\x00"},
		{0x1234, "\x00\x00"},
		{FWCfgDirectory, "\x00\x00\x00\x01\x00\x00\x00\x07\x00\x20\x00\x00etc/a\x00"},
		{FWCfgFirstFile, "content\x00"},
	} {
		if got := f.read(c.key, len(c.want)); got != c.want {
			t.Errorf("key %#x: % x, want % x", c.key, got, c.want)
		}
	}
	if v := f.In(2, 1); v != 0xff {
		t.Errorf("port behind the device reads %#x", v)
	}
	f.Out(0, 2, FWCfgSignature)
	f.Out(0, 1, FWCfgCPUs) // not a selection
	f.Out(1, 1, 7)
	if v := f.In(0, 1); v != 'Q' {
		t.Errorf("the selector reads %#x", v)
	}
	same(t, f, newFWCfg(), func(d bus.Device) { d.(*FWCfg).In(1, 1) })
}
