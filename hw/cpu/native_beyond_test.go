package cpu

import (
	"bytes"
	"strings"
)

// What hosts execute and the model's processor does not have. Such an encoding may
// do on the host what it likes; anything else that only the host executes is an
// instruction that the model lacks by mistake.

// beyond is encodings of an extension, by opcode map, opcode, prefix and ModRM.
type beyond struct {
	name      string
	table     string // "", "0F", "0F38", "0F3A", "VEX38", "VEX3A"
	low, high byte   // opcodes
	modrm     string // "" for any, "m5" memory with reg 5, "r6" registers with reg 6, "F8" that byte, "D8-DF" a range, "!0" another reg
	prefix    string // "" for any, "np" for none, else one of these must be there: "66 F3"
}

// reservedX87 are encodings in which the manuals' tables of x87 (APM vol. 3, table
// A-7; SDM vol. 2, tables) have nothing.
const reservedX87 = "x87 encodings that are reserved"

var beyonds = []beyond{
	{"APX: REX2", "", 0xd5, 0xd5, "", ""},
	{"XOP", "", 0x8f, 0x8f, "!0", ""},
	{reservedX87, "", 0xd9, 0xd9, "D1-DF", ""},
	{reservedX87, "", 0xd9, 0xd9, "E2-E3", ""},
	{reservedX87, "", 0xd9, 0xd9, "E6-E7", ""},
	{reservedX87, "", 0xd9, 0xd9, "EF", ""},
	{reservedX87, "", 0xd9, 0xd9, "m1", ""},
	{reservedX87, "", 0xda, 0xda, "E0-E8", ""},
	{reservedX87, "", 0xda, 0xda, "EA-FF", ""},
	{reservedX87, "", 0xdb, 0xdb, "E0-E1", ""},
	{reservedX87, "", 0xdb, 0xdb, "E4-E7", ""},
	{reservedX87, "", 0xdb, 0xdb, "F8-FF", ""},
	{reservedX87, "", 0xdb, 0xdb, "m4", ""},
	{reservedX87, "", 0xdb, 0xdb, "m6", ""},
	{reservedX87, "", 0xdc, 0xdc, "D0-DF", ""},
	{reservedX87, "", 0xdd, 0xdd, "C8-CF", ""},
	{reservedX87, "", 0xdd, 0xdd, "F0-FF", ""},
	{reservedX87, "", 0xdd, 0xdd, "m5", ""},
	{reservedX87, "", 0xde, 0xde, "D0-D8", ""},
	{reservedX87, "", 0xde, 0xde, "DA-DF", ""},
	{reservedX87, "", 0xdf, 0xdf, "C0-DF", ""},
	{reservedX87, "", 0xdf, 0xdf, "E1-E7", ""},
	{reservedX87, "", 0xdf, 0xdf, "F8-FF", ""},
	{"TSX: XABORT, XBEGIN", "", 0xc6, 0xc7, "F8", ""},

	{"FRED: LKGS", "0F", 0x00, 0x00, "r6", "F2"},
	{"FRED: LKGS", "0F", 0x00, 0x00, "m6", "F2"},
	{"SGX, VMX, PCONFIG, WRMSRNS, MSRLIST", "0F", 0x01, 0x01, "C0-C7", ""},
	{"FRED: ERETS, ERETU", "0F", 0x01, 0x01, "CA", "F2 F3"},
	{"TDX, SGX", "0F", 0x01, 0x01, "CC-CF", ""},
	{"VMFUNC, TSX, SGX", "0F", 0x01, 0x01, "D4-D7", ""},
	{"SVM", "0F", 0x01, 0x01, "D8-DF", ""},
	{"SERIALIZE, TSXLDTRK, CET, UINTR, PKU", "0F", 0x01, 0x01, "E8-EF", ""},
	{"CET: RSTORSSP", "0F", 0x01, 0x01, "m5", "F3"},
	{"MONITORX, MWAITX, CLZERO, RDPRU, MCOMMIT, INVLPGB, SNP", "0F", 0x01, 0x01, "FA-FF", ""},
	{"prefetch hints with a register", "0F", 0x0d, 0x0d, "C0-FF", ""},
	{"3DNow!", "0F", 0x0e, 0x0f, "", ""},
	{"control and debug registers that do not exist, CR8 by LOCK", "0F", 0x20, 0x23, "", ""},
	{"SSE4A: MOVNTSS, MOVNTSD", "0F", 0x2b, 0x2b, "", "F2 F3"},
	{"SYSENTER, SYSEXIT in long mode (Intel)", "0F", 0x34, 0x35, "", ""},
	{"SMX: GETSEC", "0F", 0x37, 0x37, "", ""},
	{"VMX; SSE4A", "0F", 0x78, 0x79, "", ""},
	{"PadLock", "0F", 0xa6, 0xa7, "", ""},
	{"PTWRITE", "0F", 0xae, 0xae, "m4", "F3"},
	{"PTWRITE", "0F", 0xae, 0xae, "r4", "F3"},
	{"CET: INCSSP", "0F", 0xae, 0xae, "r5", "F3"},
	{"CLWB; CET: CLRSSBSY", "0F", 0xae, 0xae, "m6", "66 F3"},
	{"WAITPKG", "0F", 0xae, 0xae, "r6", "66 F2 F3"},
	{"CLFLUSHOPT", "0F", 0xae, 0xae, "m7", "66"},
	{"XSAVES, XRSTORS", "0F", 0xc7, 0xc7, "m3", ""},
	{"XSAVES, XRSTORS", "0F", 0xc7, 0xc7, "m5", ""},
	{"VMX", "0F", 0xc7, 0xc7, "m6", ""},
	{"VMX", "0F", 0xc7, 0xc7, "m7", ""},
	{"UINTR: SENDUIPI", "0F", 0xc7, 0xc7, "r6", "F3"},
	{"RDSEED, RDPID", "0F", 0xc7, 0xc7, "r7", ""},

	{"VMX: INVEPT, INVVPID", "0F38", 0x80, 0x81, "", "66"},
	{"MOVRS", "0F38", 0x8a, 0x8b, "", ""},
	{"SHA", "0F38", 0xc8, 0xcd, "", ""},
	{"GFNI", "0F38", 0xcf, 0xcf, "", "66"},
	{"key locker", "0F38", 0xd8, 0xdf, "", "F3"},
	{"key locker", "0F38", 0xfa, 0xfb, "", "F3"},
	{"CET: WRUSS", "0F38", 0xf5, 0xf5, "", "66"},
	{"CET: WRSS", "0F38", 0xf6, 0xf6, "", "np"},
	{"MOVDIR64B, ENQCMD, MOVDIRI, USER_MSR", "0F38", 0xf8, 0xf9, "", ""},
	{"RAO-INT", "0F38", 0xfc, 0xfc, "", ""},
	{"SHA", "0F3A", 0xcc, 0xcc, "", ""},
	{"GFNI", "0F3A", 0xce, 0xcf, "", "66"},
	{"HRESET", "0F3A", 0xf0, 0xf0, "", "F3"},
}

// opcodeOf takes an encoding apart: the map, opcode, ModRM, and the prefixes.
func opcodeOf(code []byte) (table string, op, modrm byte, prefix string) {
	b := append(bytes.Clone(code), 0xcc, 0xcc, 0xcc, 0xcc) // what follows it
	var seen []string
	for ; len(b) > 4; b = b[1:] {
		switch p := b[0]; {
		case p == 0x66:
			seen = append(seen, "66")
		case p == 0xf2:
			seen = append(seen, "F2")
		case p == 0xf3:
			seen = append(seen, "F3")
		case p == 0xf0, p == 0x67, p&0xe7 == 0x26, p&0xfe == 0x64, p&0xf0 == 0x40:
		default:
			prefix = strings.Join(seen, " ")
			switch {
			case p == 0xc4 && b[1]&31 == 2:
				return "VEX38", b[3], b[4], prefix
			case p == 0xc4 && b[1]&31 == 3:
				return "VEX3A", b[3], b[4], prefix
			case p != 0x0f:
				return "", p, b[1], prefix
			case b[1] == 0x38:
				return "0F38", b[2], b[3], prefix
			case b[1] == 0x3a:
				return "0F3A", b[2], b[3], prefix
			}
			return "0F", b[1], b[2], prefix
		}
	}
	return "", 0, 0, ""
}

// beyondR1 names the extension that an encoding belongs to, or is empty.
func beyondR1(code []byte) string {
	table, op, modrm, prefix := opcodeOf(code)
	for _, b := range beyonds {
		if b.table == table && op >= b.low && op <= b.high && matchModRM(b.modrm, modrm) && matchPrefix(b.prefix, prefix) {
			return b.name
		}
	}
	return ""
}

func matchPrefix(want, have string) bool {
	if want == "" || want == "np" {
		return want == "" || have == ""
	}
	for _, p := range strings.Fields(have) {
		if strings.Contains(want, p) {
			return true
		}
	}
	return false
}

func matchModRM(want string, have byte) bool {
	digit := func(k int) byte { return byte(strings.IndexByte("0123456789ABCDEF", want[k])) }
	switch {
	case want == "":
		return true
	case want[0] == '!':
		return have>>3&7 != digit(1)
	case want[0] == 'm':
		return have < 0xc0 && have>>3&7 == digit(1)
	case want[0] == 'r':
		return have >= 0xc0 && have>>3&7 == digit(1)
	case len(want) == 2:
		return have == digit(0)<<4|digit(1)
	}
	return have >= digit(0)<<4|digit(1) && have <= digit(3)<<4|digit(4)
}

// without is an encoding without some of the prefixes 66, F2 and F3.
func without(code []byte, drop ...byte) []byte {
	out := bytes.Clone(code)
	for k, b := range out {
		switch {
		case bytes.IndexByte(drop, b) >= 0:
			out[k] = 0x3e
		case b == 0x66, b == 0xf2, b == 0xf3, b == 0xf0, b == 0x67, b&0xe7 == 0x26, b&0xfe == 0x64, b&0xf0 == 0x40:
		default:
			return out
		}
	}
	return out
}
