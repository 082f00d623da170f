package gdb

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// fromHex decodes pairs of hexadecimal digits.
func fromHex(s string) ([]byte, bool) {
	b, err := hex.DecodeString(s)
	return b, err == nil
}

// number reads a hexadecimal number as packets have it.
func number(s string) (uint64, bool) {
	if s == "" || len(s) > 16 {
		return 0, false
	}
	v, err := strconv.ParseUint(s, 16, 64)
	return v, err == nil
}

// numbers reads n hexadecimal numbers that are separated by commas.
func numbers(s string, n int) ([]uint64, bool) {
	parts := strings.Split(s, ",")
	if len(parts) != n {
		return nil, false
	}
	var list []uint64
	for _, p := range parts {
		v, ok := number(p)
		if !ok {
			return nil, false
		}
		list = append(list, v)
	}
	return list, true
}

// little writes the low bytes of a value, least significant first, in hexadecimal.
func little(v uint64, size int) string {
	var s strings.Builder
	for i := range size {
		fmt.Fprintf(&s, "%02x", byte(v>>(8*min(i, 8))))
	}
	return s.String()
}

// fromLittle reads up to eight bytes.
func fromLittle(b []byte) (v uint64) {
	for i := range min(len(b), 8) {
		v |= uint64(b[i]) << (8 * i)
	}
	return v
}
