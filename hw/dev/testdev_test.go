package dev

import (
	"fmt"
	"testing"

	"resvirt/hw/bus"
)

func TestTestDevice(t *testing.T) {
	var log string
	d := NewTestDevice(func(n int, up bool) { log += fmt.Sprint(n, up, " ") })
	l := TestLatch{d}
	l.Out(0, 4, 0x11223344)
	l.Out(2, 2, 0xaabb)
	l.Out(1, 1, 0xcc)
	for _, c := range []struct {
		port uint16
		size int
		want uint32
	}{{0, 4, 0xaabbcc44}, {3, 1, 0xaa}, {1, 2, 0xbbcc}, {2, 4, 0xffffaabb}} {
		if v := l.In(c.port, c.size); v != c.want {
			t.Errorf("port %d, %d bytes: %#x, want %#x", c.port, c.size, v, c.want)
		}
	}
	p := TestLinePorts{d}
	p.Out(14, 1, 1)
	p.Out(3, 1, 0x80)
	p.Out(14, 1, 0)
	p.Out(2, 2, 1) // ports of one byte only
	if log != "14 true 3 true 14 false " || d.Lines != 1<<3 {
		t.Errorf("lines: %s, %#x", log, d.Lines)
	}
	if v := d.Read(0, 8); v != 0 {
		t.Errorf("memory is %#x at first", v)
	}
	d.Write(TestRAMSize-4, 4, 0x12345678)
	before := d.Save()
	d.Write(TestRAMSize-2, 2, 0x9999)
	if v := d.Read(TestRAMSize-4, 4); v != 0x99995678 {
		t.Errorf("memory is %#x", v)
	}
	d.Load(before)
	if v := d.Read(TestRAMSize-4, 4); v != 0x12345678 {
		t.Errorf("restored memory is %#x", v)
	}
	same(t, d, NewTestDevice(func(int, bool) {}), func(d bus.Device) { d.(*TestDevice).Write(5, 1, 7) })
}
