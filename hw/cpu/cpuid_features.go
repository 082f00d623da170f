package cpu

// Registers of CPUID.
const (
	regEAX = iota
	regEBX
	regECX
	regEDX
)

// feature is a bit of CPUID, set always or under a condition.
type feature struct {
	leaf, sub uint32
	reg, bit  uint8
	name      string
	when      func(c *CPU) bool // nil for always
	condition string            // in words
}

// features is every feature bit that the model sets. This table has exactly the
// features that the model has; docs/processor.md lists them, and a test
// compares both.
var features = []feature{
	{1, 0, regECX, 0, "SSE3", nil, ""},
	{1, 0, regECX, 1, "PCLMULQDQ", nil, ""},
	{1, 0, regECX, 3, "MONITOR", nil, ""},
	{1, 0, regECX, 9, "SSSE3", nil, ""},
	{1, 0, regECX, 13, "CMPXCHG16B", nil, ""},
	{1, 0, regECX, 17, "PCID", nil, ""},
	{1, 0, regECX, 19, "SSE4.1", nil, ""},
	{1, 0, regECX, 20, "SSE4.2", nil, ""},
	{1, 0, regECX, 21, "x2APIC", nil, ""},
	{1, 0, regECX, 22, "MOVBE", nil, ""},
	{1, 0, regECX, 23, "POPCNT", nil, ""},
	{1, 0, regECX, 24, "TscDeadline", nil, ""},
	{1, 0, regECX, 25, "AES", nil, ""},
	{1, 0, regECX, 26, "XSAVE", nil, ""},
	{1, 0, regECX, 27, "OSXSAVE", (*CPU).osXSAVE, "CR4.OSXSAVE is set"},
	{1, 0, regECX, 30, "RDRAND", nil, ""},

	{1, 0, regEDX, 0, "FPU", nil, ""},
	{1, 0, regEDX, 2, "DE", nil, ""},
	{1, 0, regEDX, 3, "PSE", nil, ""},
	{1, 0, regEDX, 4, "TSC", nil, ""},
	{1, 0, regEDX, 5, "MSR", nil, ""},
	{1, 0, regEDX, 6, "PAE", nil, ""},
	{1, 0, regEDX, 8, "CMPXCHG8B", nil, ""},
	{1, 0, regEDX, 9, "APIC", (*CPU).apicEnabled, "the local APIC is enabled"},
	{1, 0, regEDX, 11, "SEP", nil, ""},
	{1, 0, regEDX, 12, "MTRR", nil, ""},
	{1, 0, regEDX, 13, "PGE", nil, ""},
	{1, 0, regEDX, 15, "CMOV", nil, ""},
	{1, 0, regEDX, 16, "PAT", nil, ""},
	{1, 0, regEDX, 17, "PSE36", nil, ""},
	{1, 0, regEDX, 19, "CLFLUSH", nil, ""},
	{1, 0, regEDX, 23, "MMX", nil, ""},
	{1, 0, regEDX, 24, "FXSR", nil, ""},
	{1, 0, regEDX, 25, "SSE", nil, ""},
	{1, 0, regEDX, 26, "SSE2", nil, ""},
	{1, 0, regEDX, 28, "HTT", (*CPU).multiple, "there are several processors"},

	{5, 0, regECX, 0, "MonitorExtensions", nil, ""},
	{5, 0, regECX, 1, "MwaitIntBreak", nil, ""},

	{6, 0, regEAX, 2, "ARAT", nil, ""},

	{7, 0, regEBX, 0, "FSGSBASE", nil, ""},
	{7, 0, regEBX, 3, "BMI1", nil, ""},
	{7, 0, regEBX, 7, "SMEP", nil, ""},
	{7, 0, regEBX, 8, "BMI2", nil, ""},
	{7, 0, regEBX, 10, "INVPCID", nil, ""},
	{7, 0, regEBX, 19, "ADX", nil, ""},
	{7, 0, regEBX, 20, "SMAP", nil, ""},
	{7, 0, regECX, 2, "UMIP", nil, ""},

	{0xd, 1, regEAX, 0, "XSAVEOPT", nil, ""},
	{0xd, 1, regEAX, 1, "XSAVEC", nil, ""},

	{0x80000001, 0, regECX, 0, "LahfSahf", nil, ""},
	{0x80000001, 0, regECX, 1, "CmpLegacy", (*CPU).multiple, "there are several processors"},
	{0x80000001, 0, regECX, 5, "ABM", nil, ""},
	{0x80000001, 0, regECX, 8, "3DNowPrefetch", nil, ""},

	{0x80000001, 0, regEDX, 0, "FPU", nil, ""},
	{0x80000001, 0, regEDX, 2, "DE", nil, ""},
	{0x80000001, 0, regEDX, 3, "PSE", nil, ""},
	{0x80000001, 0, regEDX, 4, "TSC", nil, ""},
	{0x80000001, 0, regEDX, 5, "MSR", nil, ""},
	{0x80000001, 0, regEDX, 6, "PAE", nil, ""},
	{0x80000001, 0, regEDX, 8, "CMPXCHG8B", nil, ""},
	{0x80000001, 0, regEDX, 9, "APIC", (*CPU).apicEnabled, "the local APIC is enabled"},
	{0x80000001, 0, regEDX, 11, "SysCallSysRet", nil, ""},
	{0x80000001, 0, regEDX, 12, "MTRR", nil, ""},
	{0x80000001, 0, regEDX, 13, "PGE", nil, ""},
	{0x80000001, 0, regEDX, 15, "CMOV", nil, ""},
	{0x80000001, 0, regEDX, 16, "PAT", nil, ""},
	{0x80000001, 0, regEDX, 17, "PSE36", nil, ""},
	{0x80000001, 0, regEDX, 20, "NX", nil, ""},
	{0x80000001, 0, regEDX, 22, "MmxExt", nil, ""},
	{0x80000001, 0, regEDX, 23, "MMX", nil, ""},
	{0x80000001, 0, regEDX, 24, "FXSR", nil, ""},
	{0x80000001, 0, regEDX, 26, "Page1GB", nil, ""},
	{0x80000001, 0, regEDX, 27, "RDTSCP", nil, ""},
	{0x80000001, 0, regEDX, 29, "LM", nil, ""},

	{0x80000007, 0, regEDX, 8, "TscInvariant", nil, ""},
}

func (c *CPU) osXSAVE() bool     { return c.CR4&CR4OSXSAVE != 0 }
func (c *CPU) apicEnabled() bool { return c.MSR.APICBase&apicEnable != 0 }
func (c *CPU) multiple() bool    { return c.processors() > 1 }
