package machine

import (
	"fmt"
	"strings"
	"testing"
)

// TestScreen: the text page shows what the kernel left there, and a graphics mode nothing.
func TestScreen(t *testing.T) {
	var k testKernel
	for _, k = range testKernels {
		if k.name == "screen" {
			break
		}
	}
	m := k.boot(t, 1, Fast{})
	if lines, ok := m.Screen(); !ok || len(lines) != 0 {
		t.Errorf("the firmware leaves %q, %v", lines, ok)
	}
	m.Run(limit)
	var want []string
	for i := 7; i < 30; i++ {
		want = append(want, fmt.Sprintf("line %02d", i))
	}
	want = append(want, "$")
	if lines, ok := m.Screen(); !ok || strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("%v, the screen shows\n%s", ok, strings.Join(lines, "\n"))
	}
	m.mem.WriteBytes(textPage+160*10, []byte{0xb3, 7, 'x', 7, 0, 7, 0xff, 7, ' ', 7, ' ', 7, ' ', 7}) // a character beyond ASCII; blanks
	m.Out(0, 0x3d4, 2, 80*10>>8<<8|0x0c)
	m.Out(0, 0x3d4, 2, 80*10&0xff<<8|0x0d) // the page begins with row 10
	if lines, _ := m.Screen(); len(lines) == 0 || lines[0] != "│x" {
		t.Errorf("after scrolling by the controller: %q", lines)
	}
	m.Out(0, 0x3ce, 2, 0x0506)
	if _, ok := m.Screen(); ok {
		t.Error("a graphics mode shows text")
	}
}
