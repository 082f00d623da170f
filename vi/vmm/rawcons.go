package main

import "resvirt/vi/bare"

// The console without lock or buffer, for boot and for failures.

func rawStr(s string) {
	for i := 0; i < len(s); i++ {
		rawByte(s[i])
	}
}

// rawByte prints a byte. It waits for the transmitter, but not for ever.
func rawByte(b byte) {
	for i := 0; i < 1000 && bare.In8(com1+5)&0x20 == 0; i++ {
		bare.Pause()
	}
	bare.Out8(com1, b)
}

func rawHex(v uint64) {
	for s := 60; s >= 0; s -= 4 {
		if d := v >> uint(s); d != 0 || s == 0 {
			rawByte("0123456789abcdef"[d&15])
		}
	}
	rawByte(' ')
}
