package cpu

import (
	"encoding/binary"
	"math"
	"testing"
)

// variantsOfResults are about flags, registers and XMM registers.
func variantsOfResults() []variant {
	const undefined = "flags that the instruction leaves undefined"
	free := func(title string, code []byte, set func(s *nativeState), open, fixed uint64) variant {
		return variant{undefined, title, code, set, edits{flags(open), flags(open & -open)}, edits{flags(fixed), flags(fixed & -fixed), gpr(RBP, 0)}}
	}
	const most = FlagOF | FlagSF | FlagAF | FlagPF
	list := []variant{
		free("MUL", []byte{0x48, 0xf7, 0xe1}, nil, FlagSF|FlagZF|FlagAF|FlagPF, FlagCF|FlagOF),
		free("IMUL", []byte{0x0f, 0xaf, 0xc1}, nil, FlagSF|FlagZF|FlagAF|FlagPF, FlagCF|FlagOF),
		free("DIV", []byte{0x48, 0xf7, 0xf1}, regs(RDX, 0), FlagsStatus, FlagDF),
		free("AND", []byte{0x21, 0xc8}, nil, FlagAF, most&^FlagAF|FlagCF|FlagZF),
		free("BSF", []byte{0x0f, 0xbc, 0xc1}, nil, most|FlagCF, FlagZF),
		free("BSR", []byte{0x0f, 0xbd, 0xc1}, nil, most|FlagCF, FlagZF),
		free("BT", []byte{0x0f, 0xba, 0xe0, 3}, nil, most|FlagZF, FlagCF),
		free("SHL by 1", []byte{0xd1, 0xe0}, nil, FlagAF, FlagOF|FlagCF|FlagSF),
		free("SHL by 3", []byte{0xc1, 0xe0, 3}, nil, FlagAF|FlagOF, FlagCF|FlagSF),
		free("SHR of a byte by 9", []byte{0xc0, 0xe8, 9}, nil, FlagAF|FlagOF|FlagCF, FlagSF|FlagZF),
		free("SAR of a byte by 9", []byte{0xc0, 0xf8, 9}, nil, FlagAF|FlagOF, FlagCF|FlagSF),
		free("ROL by 3", []byte{0xc1, 0xc0, 3}, nil, FlagOF, FlagCF|FlagSF|FlagAF),
		free("RCR by CL", []byte{0xd3, 0xd8}, regs(RCX, 3), FlagOF, FlagCF|FlagZF),
		free("SHLD by 3", []byte{0x0f, 0xa4, 0xc8, 3}, nil, FlagAF|FlagOF, FlagCF|FlagSF),
		free("SHRD of 16 bits by 20", []byte{0x66, 0x0f, 0xac, 0xc8, 20}, nil, FlagsStatus, FlagDF),
		free("LZCNT", []byte{0xf3, 0x0f, 0xbd, 0xc1}, nil, most, FlagCF|FlagZF),
		free("ANDN", []byte{0xc4, 0xe2, 0x70, 0xf2, 0xc2}, nil, FlagAF|FlagPF, FlagSF|FlagZF|FlagCF|FlagOF),
		free("BEXTR", []byte{0xc4, 0xe2, 0x70, 0xf7, 0xc2}, nil, FlagAF|FlagPF|FlagSF, FlagZF|FlagCF|FlagOF),
		free("BZHI", []byte{0xc4, 0xe2, 0x70, 0xf5, 0xc2}, nil, FlagAF|FlagPF, FlagSF|FlagZF|FlagCF|FlagOF),

		{"BSF, BSR: destination for a source of 0", "BSF EAX, ECX", []byte{0x0f, 0xbc, 0xc1}, regs(RCX, 0, RAX, 0x1234_5678_9abc_def0),
			edits{gpr(RAX, 0x9abc_def0), gpr(RAX, 0)}, edits{gpr(RCX, 1), flags(FlagZF)}},
		{"BSF, BSR: destination for a source of 0", "BSR AX, CX", []byte{0x66, 0x0f, 0xbd, 0xc1}, regs(RCX, 0, RAX, 0x1234_5678_9abc_def0),
			edits{gpr(RAX, 0x1234_5678_9abc_0000)}, edits{gpr(RAX, 0), gpr(RAX, 0x9abc_def0)}},
		{"SHLD, SHRD: result for a count beyond the operand", "SHRD AX, CX, 19", []byte{0x66, 0x0f, 0xac, 0xc8, 19}, regs(RAX, 0xffff_5678, RCX, 0x3d34),
			edits{gpr(RAX, 0xffff_07a6), gpr(RAX, 0xffff_0000)}, edits{gpr(RAX, 0x87a6), gpr(RCX, 0)}},
		{"SHLD, SHRD: result for a count beyond the operand", "SHLD [RBX], CX, 17", []byte{0x66, 0x0f, 0xa4, 0x0b, 17}, nil,
			edits{bytesAt(nativeData+0x300, 1, 2)}, edits{bytesAt(nativeData+0x2ff, 1), bytesAt(nativeData+0x302, 1)}},
		{"BSWAP of 16 bits", "BSWAP CX", []byte{0x66, 0x0f, 0xc9}, regs(RCX, 0x1122_3344_5566_7788),
			edits{gpr(RCX, 0x1122_3344_5566_8877), gpr(RCX, 0x1122_3344_5566_7788)}, edits{gpr(RCX, 0x1122_3344_6655_0000), gpr(RCX, 0)}},

		{"MXCSR_MASK", "FXSAVE64", []byte{0x48, 0x0f, 0xae, 0x03}, nil,
			edits{bytesAt(nativeData+0x300+fxMask, 0xff, 0xff, 2, 0)}, edits{bytesAt(nativeData+0x300+fxMXCSR, 0x81)}},
		{"RCP, RSQRT: approximations", "RCPSS", []byte{0xf3, 0x0f, 0x53, 0xc1}, nil,
			edits{fx(fxXMM, single(0.50001)...), fx(fxXMM, single(0.4999)...)},
			edits{fx(fxXMM, single(0.501)...), fx(fxXMM, single(-0.5)...), fx(fxXMM+4, 1), fx(fxMXCSR, 0xa0)}},
		{"RCP, RSQRT: approximations", "RSQRTPS", []byte{0x0f, 0x52, 0xc1}, nil,
			edits{fx(fxXMM+8, single(0.50001)...)}, edits{fx(fxXMM+8, single(0.7071)...), fx(fxXMM+12, single(0.5)...)}},
	}
	nans := func(s *nativeState) {
		for k := range 4 {
			copy(s.FX[fxXMM+4*k:], single32(0x7fc00001+uint32(k)))
		}
	}
	return append(list, variant{"DPPS, DPPD: which NaN, and flags behind an unmasked exception", "DPPS", []byte{0x66, 0x0f, 0x3a, 0x40, 0xc1, 0xff}, nans,
		edits{fx(fxXMM, single32(0x7fc00002)...), fx(fxXMM+4, single32(0xffc00000)...)},
		edits{fx(fxXMM, single(1)...), fx(fxXMM, single32(0x7f800000)...), fx(fxXMM+16, 1)}})
}

// TestUndefinedFlagsOfLegacy: instructions that only 32-bit code has (APM vol. 3,
// AAA, AAD, AAM, AAS, DAA, DAS; Intel's SDM says the same).
func TestUndefinedFlagsOfLegacy(t *testing.T) {
	for op, want := range map[Op]uint64{
		OpAAA: FlagOF | FlagSF | FlagZF | FlagPF, OpAAS: FlagOF | FlagSF | FlagZF | FlagPF,
		OpAAM: FlagOF | FlagAF | FlagCF, OpAAD: FlagOF | FlagAF | FlagCF,
		OpDAA: FlagOF, OpDAS: FlagOF, OpSALC: 0, OpARPL: 0,
	} {
		if got := undefinedFlags(&Inst{Op: op}, &nativeState{}); got != want {
			t.Errorf("%v: %#x, want %#x", op, got, want)
		}
	}
}

func single32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }
func single(v float32) []byte  { return single32(math.Float32bits(v)) }
