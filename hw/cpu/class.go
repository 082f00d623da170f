package cpu

import "resvirt/models"

// classes maps each Op to the class whose time it costs; an Op that is not
// listed is a simple, an SSE or an x87 operation, depending on its kind.
var classes = buildClasses()

func buildClasses() (t [NumOps]models.Class) {
	for op := Op(0); op < NumOps; op++ {
		switch op.Kind() {
		case KindString:
			t[op] = models.String
		case KindSystem:
			t[op] = models.System
		case KindSSE:
			t[op] = models.SSE
		case KindX87:
			t[op] = models.FPU
		}
	}
	set := func(class models.Class, ops ...Op) {
		for _, op := range ops {
			t[op] = class
		}
	}
	set(models.Stack, OpPUSH, OpPOP, OpCALL, OpCALLIND, OpRET, OpLEAVE)
	set(models.Complex, OpBSF, OpBSR, OpBTS, OpBTR, OpBTC, OpSHLD, OpSHRD, OpRCL, OpRCR, OpXCHG, OpENTER,
		OpPUSHA, OpPOPA, OpBOUND, OpXLAT, OpLOOP, OpLOOPE, OpLOOPNE, OpAAM, OpAAD, OpCLFLUSH)
	set(models.Complex, OpPDEP, OpPEXT, OpLZCNT, OpTZCNT)
	set(models.Mul, OpMUL, OpIMUL, OpIMUL2, OpIMUL3, OpMULX, OpCRC32)
	set(models.Div, OpDIV, OpIDIV)
	set(models.Atomic, OpCMPXCHG, OpXADD, OpCMPXCHG8B)
	set(models.Fence, OpLFENCE, OpMFENCE, OpSFENCE)
	set(models.SSEMul, OpMULPS, OpMULPD, OpMULSS, OpMULSD, OpPMULLW, OpPMULHW, OpPMULHUW, OpPMULUDQ, OpPMADDWD,
		OpPMADDUBSW, OpPMULHRSW, OpPMULDQ, OpPMULLD, OpDPPS, OpDPPD, OpMPSADBW, OpPCLMULQDQ, OpAESENC, OpAESENCLAST, OpAESDEC,
		OpAESDECLAST, OpAESIMC, OpAESKEYGENASSIST, OpPCMPESTRI, OpPCMPESTRM, OpPCMPISTRI, OpPCMPISTRM)
	set(models.SSEDiv, OpDIVPS, OpDIVPD, OpDIVSS, OpDIVSD, OpSQRTPS, OpSQRTPD, OpSQRTSS, OpSQRTSD)
	set(models.FPUDiv, OpFDIV, OpFDIVR, OpFIDIV, OpFIDIVR, OpFDIVP, OpFDIVRP, OpFSQRT, OpFPREM, OpFPREM1, OpF2XM1,
		OpFYL2X, OpFYL2XP1, OpFPTAN, OpFPATAN, OpFSIN, OpFCOS, OpFSINCOS, OpFXTRACT,
		OpFSCALE, OpFBLD, OpFBSTP)
	set(models.FPUSave, OpFXSAVE, OpFXRSTOR, OpFNSAVE, OpFRSTOR, OpXSAVE, OpXSAVEOPT, OpXSAVEC, OpXRSTOR)
	set(models.Flags, OpPUSHF, OpPOPF, OpCLI, OpSTI)
	set(models.Segment, OpPUSHSEG, OpPOPSEG, OpMOVFROMSEG, OpMOVTOSEG, OpLOADFAR, OpLAR, OpLSL, OpVERR, OpVERW, OpARPL)
	set(models.Far, OpCALLFAR, OpJMPFAR, OpRETFAR)
	set(models.IRet, OpIRET)
	set(models.SysCall, OpSYSCALL, OpSYSENTER)
	set(models.SysRet, OpSYSRET, OpSYSEXIT)
	set(models.TLBFlush, OpMOVTOCR, OpINVLPG, OpINVPCID)
	set(models.MSR, OpRDMSR, OpWRMSR, OpRDPMC, OpXGETBV, OpXSETBV, OpRDRAND, OpRDFSBASE, OpRDGSBASE, OpWRFSBASE, OpWRGSBASE)
	set(models.TSC, OpRDTSC, OpRDTSCP)
	set(models.Serialize, OpCPUID, OpWBINVD, OpINVD)
	set(models.Port, OpIN, OpOUT, OpINS, OpOUTS)
	set(models.Pause, OpPAUSE)
	set(models.Halt, OpHLT, OpMWAIT, OpMONITOR)
	return t
}

// Class returns the class whose time the instruction costs.
func (i *Inst) Class() models.Class {
	if i.Prefix&PrefixLock != 0 || i.Op == OpXCHG && i.Prefix&PrefixMem != 0 {
		return models.Atomic
	}
	return classes[i.Op]
}
