package cpu

import "strings"

// What is not executed on the host, or not compared, with the reason. It is
// counted under that name.

// notRun names why a case is not compared, or is empty.
func (s *nativeSweep) notRun(c *nativeCase) string {
	if table, op, _, _ := opcodeOf(c.code); c.inst.Op == OpUD && table == "0F" && op == 0x34 {
		return notRunKernel // Intel's SYSENTER exists in 64-bit mode
	}
	if c.inst.Len != 0 || c.inst.Op == OpUD {
		if why := notCompared(&c.inst); why != "" {
			return why
		}
	}
	return s.lacksFeature(c.code)
}

const (
	notRunKernel  = "not run: enters the host's kernel"
	notRunSystem  = "not run: shows the host's descriptors, bases or processor"
	notRunTime    = "not run: time and chance"
	notRunXSAVE   = "not run: XCR0 is the host's"
	notRunMonitor = "not run: MONITOR, MWAIT depend on the host's settings"
	notRunINT1    = "not run: hypervisors get the length of INT1 with prefixes wrong"
)

// notCompared tells why an instruction says nothing when a process under Linux
// executes it.
func notCompared(i *Inst) string {
	switch i.Op {
	case OpSYSCALL, OpSYSENTER, OpSYSEXIT, OpSYSRET, OpINT:
		return notRunKernel
	case OpCPUID, OpSGDT, OpSIDT, OpSLDT, OpSTR, OpSMSW, OpVERR, OpVERW, OpLAR, OpLSL,
		OpMOVTOSEG, OpMOVFROMSEG, OpPOPSEG, OpPUSHSEG, OpLOADFAR, OpCALLFAR, OpJMPFAR, OpRETFAR, OpIRET,
		OpRDFSBASE, OpRDGSBASE, OpWRFSBASE, OpWRGSBASE:
		return notRunSystem
	case OpRDTSC, OpRDTSCP, OpRDPMC, OpRDRAND:
		return notRunTime
	case OpXGETBV, OpXSETBV, OpXSAVE, OpXSAVEOPT, OpXSAVEC, OpXRSTOR:
		return notRunXSAVE
	case OpMONITOR, OpMWAIT:
		return notRunMonitor
	case OpINT1:
		if i.Len > 1 {
			return notRunINT1
		}
	}
	return ""
}

// featureOps says which instructions a processor without a feature does not have,
// or executes as others (LZCNT as BSR). Features have the names of the table in
// cpuid_features.go.
var featureOps = map[string]string{
	"SSE3": "ADDSUBPS ADDSUBPD HADDPS HADDPD HSUBPS HSUBPD LDDQU MOVDDUP MOVSHDUP MOVSLDUP FISTTP",
	"SSSE3": "PSHUFB PHADDW PHADDD PHADDSW PMADDUBSW PHSUBW PHSUBD PHSUBSW PSIGNB PSIGNW PSIGND PMULHRSW PABSB PABSW PABSD " +
		"PALIGNR",
	"SSE4.1": "PBLENDVB BLENDVPS BLENDVPD PTEST PMOVSXBW PMOVSXBD PMOVSXBQ PMOVSXWD PMOVSXWQ PMOVSXDQ PMOVZXBW PMOVZXBD " +
		"PMOVZXBQ PMOVZXWD PMOVZXWQ PMOVZXDQ PMULDQ PCMPEQQ MOVNTDQA PACKUSDW PMINSB PMINSD PMINUW PMINUD PMAXSB PMAXSD " +
		"PMAXUW PMAXUD PMULLD PHMINPOSUW ROUNDPS ROUNDPD ROUNDSS ROUNDSD BLENDPS BLENDPD PBLENDW PEXTRB PEXTRD EXTRACTPS " +
		"PINSRB PINSRD INSERTPS DPPS DPPD MPSADBW",
	"SSE4.2":     "PCMPGTQ PCMPESTRM PCMPESTRI PCMPISTRM PCMPISTRI CRC32",
	"PCLMULQDQ":  "PCLMULQDQ",
	"AES":        "AESIMC AESENC AESENCLAST AESDEC AESDECLAST AESKEYGENASSIST",
	"POPCNT":     "POPCNT",
	"MOVBE":      "MOVBE",
	"ABM":        "LZCNT",
	"BMI1":       "TZCNT ANDN BEXTR BLSI BLSMSK BLSR",
	"BMI2":       "BZHI MULX PDEP PEXT RORX SARX SHLX SHRX",
	"ADX":        "ADCX ADOX",
	"LahfSahf":   "LAHF SAHF",
	"INVPCID":    "INVPCID",
	"SMAP":       "CLAC STAC",
	"CMPXCHG16B": "", // a size of CMPXCHG8B
}

// missingOps are the instructions that a host lacks, by a function that executes
// CPUID there, with the feature's name.
func missingOps(cpuid func(leaf, sub uint32) [4]uint32) (missing map[Op]string, no16 bool) {
	missing = map[Op]string{}
	names := map[string]Op{}
	for op := range NumOps {
		names[op.String()] = op
	}
	for _, f := range features {
		if cpuid(f.leaf, f.sub)[f.reg]>>f.bit&1 != 0 {
			continue
		}
		for _, n := range strings.Fields(featureOps[f.name]) {
			missing[names[n]] = f.name
		}
		no16 = no16 || f.name == "CMPXCHG16B"
	}
	return missing, no16
}

// lacksFeature tells which feature of the code the host lacks.
func (s *nativeSweep) lacksFeature(code []byte) string {
	page := codePage(code)
	for at := 0; at < len(code); {
		i, st := Decode(page[nativeText+at:], Mode64)
		if st != DecodeOK {
			break
		}
		if name, ok := s.missing[i.Op]; ok {
			return "not run: the host lacks " + name
		}
		if s.no16 && i.Op == OpCMPXCHG8B && i.Size == 8 {
			return "not run: the host lacks CMPXCHG16B"
		}
		at += int(i.Len)
	}
	return ""
}
