package dev

import "strings"

// codePage437 is the characters of a PC's font that are not ASCII.
var codePage437 = []rune(" ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼" +
	"ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀" +
	"αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0")

func character(c byte) rune {
	switch {
	case c < 0x20:
		return codePage437[c]
	case c < 0x7f:
		return rune(c)
	case c == 0x7f:
		return '⌂'
	}
	return codePage437[0x20+int(c)-0x80]
}

// Screen returns the text page, without blanks at the ends of lines and without
// empty lines at its end; ok is false in a graphics mode. read reads RAM.
func (v *VGA) Screen(read func(pa uint64, b []byte)) (lines []string, ok bool) {
	if v.Gfx[6]&1 != 0 {
		return nil, false
	}
	window := [4]uint64{0xa0000, 0xa0000, 0xb0000, 0xb8000}[v.Gfx[6]>>2&3]
	page := make([]byte, 0x8000)
	read(window, page)
	_, shown, _, _ := v.lines()
	rows, columns := shown/(int(v.CRTC[crtMaxScan]&0x1f)+1), int(v.CRTC[1])+1
	start := 2 * (int(v.CRTC[crtStartHigh])<<8 | int(v.CRTC[crtStartLow]))
	for row := range rows {
		var line strings.Builder
		for column := range columns {
			line.WriteRune(character(page[(start+4*row*int(v.CRTC[crtOffset])+2*column)%len(page)]))
		}
		lines = append(lines, strings.TrimRight(line.String(), " \u00a0"))
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines, true
}
