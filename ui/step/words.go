package step

import (
	"fmt"
	"path"
	"strconv"

	"resvirt/faults"
)

// commas writes a number with a comma every three digits.
func commas(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// function names the function of a place, "no known code" if there is none.
func function(p faults.Place) string {
	if p.Function == "" {
		return fmt.Sprintf("%#x, no known code", p.PC)
	}
	return p.Function
}

// placeText is function and line.
func placeText(p faults.Place) string {
	if p.Function == "" {
		return function(p)
	}
	return fmt.Sprintf("%s+%#x %s:%d", p.Function, p.Offset, base(p.File), p.Line)
}

func base(file string) string { return path.Base(file) }

func register(n int) faults.Register { return faults.Register(n) }
