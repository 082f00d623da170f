package dev

import (
	"testing"

	"resvirt/hw/bus"
)

func TestKeyboardController(t *testing.T) {
	b := &board{}
	resets := 0
	k := NewKeyboard(b, func() { resets++ })
	data, control := KeyboardPort{Keyboard: k}, KeyboardPort{Keyboard: k, Control: true}
	ask := func(command uint8) uint8 {
		control.Out(0, command)
		if control.In(0)&(kbdFull|kbdCommand) != kbdFull|kbdCommand {
			t.Errorf("no answer to command %#x", command)
		}
		v := data.In(0)
		if control.In(0)&kbdFull != 0 {
			t.Errorf("answer to command %#x stays", command)
		}
		return v
	}
	for command, want := range map[uint8]uint8{0xaa: 0x55, 0xab: 0, 0xa9: 1, 0xd0: 3, 0x20: 0x34} {
		if got := ask(command); got != want {
			t.Errorf("command %#x answers %#x, want %#x", command, got, want)
		}
	}
	control.Out(0, 0x60)
	data.Out(0, 0x65)
	if got := ask(0x20); got != 0x65 {
		t.Errorf("command byte %#x", got)
	}
	data.Out(0, 0xff) // reset the keyboard that is not there
	if control.In(0)&kbdTimeout == 0 || !b.line || data.In(0) != 0xfe || b.line || control.In(0)&kbdTimeout != 0 {
		t.Error("a keyboard seems to answer, or the interrupt is wrong")
	}
	same(t, k, NewKeyboard(&board{}, func() {}), func(d bus.Device) { d.(*Keyboard).command(0xd0) })
	control.Out(0, 0xf1) // pulses other lines
	if resets != 0 {
		t.Error("reset for nothing")
	}
	control.Out(0, 0xfe)
	control.Out(0, 0xd1)
	data.Out(0, 2)
	if resets != 2 {
		t.Errorf("%d resets, want 2", resets)
	}
}
