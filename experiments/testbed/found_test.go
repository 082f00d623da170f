package testbed

import (
	"testing"

	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// What rows say of detections is read as what it was.
func TestFoundIsReadAsItWasWritten(t *testing.T) {
	for f, check := range map[Found]bool{
		0: false, 14: false, 9: false, seam.KindAssert: true, seam.KindGoCheck: true, seam.KindGoCheck + Found(bare.FailAlloc): true,
	} {
		if got := ParseFound(f.String()); got != f || f.Check() != check {
			t.Errorf("%#x, %q, is read as %#x; it is a check: %v", uint64(f), f, uint64(got), f.Check())
		}
	}
	if f := ParseFound("check failed"); f != UnknownFound || f.Check() {
		t.Errorf("an unknown text is read as %v", f)
	}
}
