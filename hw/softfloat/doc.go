// Package softfloat is x86 floating point in integers: single, double and
// extended precision with every rounding mode, exception flag and NaN rule of
// SSE and x87, bit for bit the same on any host. AMD's APM vol. 1, 4.7 and 6.4
// (SSE), and 6.8 (x87) decide.
//
// Every operation unpacks its operands to an exact form, computes the result
// with at least 64 extra bits (the last one sticky) and rounds once.
package softfloat

// Flags are exception flags, in the order of MXCSR and the x87 status word.
type Flags uint8

// The exceptions of APM vol. 1, 4.10.1.
const (
	Invalid   Flags = 1 << iota // IE
	Denormal                    // DE: an operand was denormal
	DivByZero                   // ZE
	Overflow                    // OE
	Underflow                   // UE
	Inexact                     // PE
)

// Rounding is the two-bit RC field of MXCSR and the x87 control word.
type Rounding uint8

// Rounding modes in the encoding of RC.
const (
	Nearest Rounding = iota
	Down
	Up
	Zero
)

// Env is the mode an operation runs in and the flags it raises. The flags
// accumulate until the caller clears them.
type Env struct {
	Round    Rounding
	FTZ, DAZ bool  // flush results to zero, take denormals as zeros (SSE)
	X87      bool  // NaN rules and unsupported encodings of x87
	Unmasked Flags // exceptions that trap; they change overflow and underflow results
	// Precision is the number of significand bits of x87 arithmetic: 24, 53 or
	// 64. Zero stands for 64.
	Precision uint8

	Flags     Flags
	RoundedUp bool // the last rounding increased the magnitude (x87 C1)
}

// Relation is the outcome of a comparison.
type Relation uint8

// The four relations.
const (
	Less Relation = iota
	Equal
	Greater
	Unordered
)
