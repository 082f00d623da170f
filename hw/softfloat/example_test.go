package softfloat_test

import (
	"fmt"
	"math"

	"resvirt/hw/softfloat"
)

// An Env is what a control register holds: how to round; and what a status register
// collects: exceptions.
func ExampleEnv() {
	e := softfloat.Env{Round: softfloat.Up}
	third := e.Div64(math.Float64bits(1), math.Float64bits(3))
	fmt.Println(math.Float64frombits(third) > 1.0/3, e.Flags == softfloat.Inexact)

	e = softfloat.Env{}
	e.Div64(math.Float64bits(1), 0)
	fmt.Println(e.Flags == softfloat.DivByZero)
	// Output:
	// true true
	// true
}
