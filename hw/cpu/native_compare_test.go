package cpu

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// undefinedFlags are the flags that an instruction leaves undefined for these
// operands (APM vol. 3, appendix E), where processors differ.
func undefinedFlags(i *Inst, in *nativeState) uint64 {
	all := FlagsStatus
	switch i.Op {
	case OpAND, OpOR, OpXOR, OpTEST:
		return FlagAF
	case OpMUL, OpIMUL, OpIMUL2, OpIMUL3:
		return FlagSF | FlagZF | FlagAF | FlagPF
	case OpDIV, OpIDIV:
		return all
	case OpBT, OpBTS, OpBTR, OpBTC: // SDM: ZF is unaffected; APM: undefined
		return all &^ FlagCF
	case OpAAA, OpAAS:
		return FlagOF | FlagSF | FlagZF | FlagPF
	case OpAAM, OpAAD:
		return FlagOF | FlagAF | FlagCF
	case OpDAA, OpDAS:
		return FlagOF
	case OpBSF, OpBSR:
		return all &^ FlagZF
	case OpLZCNT, OpTZCNT:
		return all &^ (FlagZF | FlagCF)
	case OpANDN, OpBLSI, OpBLSMSK, OpBLSR, OpBZHI:
		return FlagAF | FlagPF
	case OpBEXTR:
		return FlagAF | FlagPF | FlagSF
	case OpSHL, OpSHR, OpSAR, OpROL, OpROR, OpRCL, OpRCR, OpSHLD, OpSHRD:
		return undefinedByCount(i, in)
	}
	return 0
}

func undefinedByCount(i *Inst, in *nativeState) (f uint64) {
	n := i.Imm
	if i.Form == FormRMCL || i.Form == FormRMRegCL {
		n = in.GPR[RCX]
	}
	n &= 0x1f
	if i.Size == 8 {
		n = n | i.Imm&0x20
		if i.Form == FormRMCL || i.Form == FormRMRegCL {
			n = in.GPR[RCX] & 0x3f
		}
	}
	if n == 0 {
		return 0
	}
	if n > 1 {
		f = FlagOF
	}
	switch i.Op {
	case OpSHL, OpSHR, OpSAR:
		f |= FlagAF
		if n >= 8*uint64(i.Size) && i.Op != OpSAR {
			f |= FlagCF
		}
	case OpSHLD, OpSHRD:
		f |= FlagAF
		if n > 8*uint64(i.Size) {
			f = FlagsStatus
		}
	}
	return f
}

// difference lists what two ends disagree about, or is empty.
func difference(host, model *nativeEnd) string {
	var d []string
	add := func(format string, args ...any) { d = append(d, fmt.Sprintf(format, args...)) }
	if host.Vector != model.Vector && !(host.Vector == 19 && model.Vector == 16) {
		add("vector %d, want %d %s", model.Vector, host.Vector, model.What)
		return strings.Join(d, "; ")
	}
	if host.RIP != model.RIP {
		add("RIP %#x, want %#x", model.RIP, host.RIP)
	}
	if host.Vector == 14 && host.Addr != model.Addr {
		add("CR2 %#x, want %#x", model.Addr, host.Addr)
	}
	for r := range host.GPR {
		if host.GPR[r] != model.GPR[r] {
			add("GPR[%d] %#x, want %#x", r, model.GPR[r], host.GPR[r])
		}
	}
	if f := host.RFLAGS ^ model.RFLAGS; f != 0 {
		add("RFLAGS %#x, want %#x (differ in %#x)", model.RFLAGS, host.RFLAGS, f)
	}
	differenceFX(&host.FX, &model.FX, add)
	for at := range host.Data {
		if host.Data[at] != model.Data[at] {
			a := at &^ 7
			add("memory %#x: % x, want % x", nativeData+a, model.Data[a:a+8], host.Data[a:a+8])
			break
		}
	}
	return strings.Join(d, "; ")
}

// differenceFX compares images, but for the mask and the error pointers.
func differenceFX(host, model *[512]byte, add func(string, ...any)) {
	le := binary.LittleEndian
	if bytes.Equal(host[:6], model[:6]) && bytes.Equal(host[24:28], model[24:28]) && bytes.Equal(host[32:416], model[32:416]) {
		return
	}
	for _, w := range []struct {
		name string
		at   int
	}{{"FCW", 0}, {"FSW", fxFSW}, {"FTW", fxFTW}, {"MXCSR", fxMXCSR}} {
		if a, b := le.Uint16(model[w.at:]), le.Uint16(host[w.at:]); a != b {
			add("%s %#x, want %#x", w.name, a, b)
		}
	}
	for k := range 8 {
		at := fxST + 16*k
		if !bytes.Equal(host[at:at+10], model[at:at+10]) {
			add("ST%d %#x:%#x, want %#x:%#x", k, le.Uint16(model[at+8:]), le.Uint64(model[at:]), le.Uint16(host[at+8:]), le.Uint64(host[at:]))
		}
	}
	for k := range 16 {
		at := fxXMM + 16*k
		if !bytes.Equal(host[at:at+16], model[at:at+16]) {
			add("XMM%d %#x %#x, want %#x %#x", k, le.Uint64(model[at+8:]), le.Uint64(model[at:]), le.Uint64(host[at+8:]), le.Uint64(host[at:]))
		}
	}
}
