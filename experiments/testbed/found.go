package testbed

import (
	"fmt"

	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// Found is what a detection of the VMM's found wrong: the first argument of detectPanic, a
// kind of package seam or the vector of an exception. Rows hold its text.
type Found uint64

// PageFault is what code branches on besides checks.
const PageFault Found = 14

// UnknownFound stands for a text that this program does not know.
const UnknownFound = ^Found(0)

// Check says whether it is a check in the source that failed, not an exception.
func (f Found) Check() bool {
	return f == seam.KindAssert || f >= seam.KindGoCheck && f != UnknownFound
}

func (f Found) String() string {
	switch {
	case f >= seam.KindGoCheck:
		return "Go check: " + bare.Failure(f-seam.KindGoCheck).String()
	case f == seam.KindAssert:
		return "assertion"
	}
	if name, ok := exceptions[f]; ok {
		return name
	}
	return fmt.Sprintf("cause %#x", uint64(f))
}

// exceptions by vector (AMD APM vol. 2, 8.2).
var exceptions = map[Found]string{
	0: "#DE divide error", 2: "NMI", 3: "#BP breakpoint", 4: "#OF overflow", 5: "#BR bound range",
	6: "#UD invalid opcode", 7: "#NM device not available", 8: "#DF double fault", 10: "#TS invalid TSS",
	11: "#NP segment not present", 12: "#SS stack", 13: "#GP general protection", PageFault: "#PF page fault",
	16: "#MF x87", 17: "#AC alignment check", 18: "#MC machine check", 19: "#XF SIMD",
}

// ParseFound is the inverse of String.
func ParseFound(text string) Found {
	for f := range Found(seam.KindGoCheck) {
		if f.String() == text {
			return f
		}
	}
	for k := bare.FailOther; k <= bare.FailAlloc; k++ {
		if f := seam.KindGoCheck + Found(k); f.String() == text {
			return f
		}
	}
	return UnknownFound
}
