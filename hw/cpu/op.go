package cpu

// Op is what an instruction does. One Op covers all operand forms and sizes of
// a mnemonic; Form, Size and Sub of Inst tell them apart. The order groups ops
// by who executes them (see Kind).
type Op uint16

const (
	OpUD Op = iota // no processor of this kind executes it: #UD

	// Integer (exec_int*.go). Condition codes are in Sub.
	OpADD
	OpOR
	OpADC
	OpSBB
	OpAND
	OpSUB
	OpXOR
	OpCMP
	OpROL
	OpROR
	OpRCL
	OpRCR
	OpSHL
	OpSHR
	OpSAR
	OpDAA
	OpDAS
	OpAAA
	OpAAS
	OpINC
	OpDEC
	OpPUSH
	OpPOP
	OpPUSHA
	OpPOPA
	OpBOUND
	OpMOVSXD
	OpIMUL3
	OpJCC
	OpTEST
	OpXCHG
	OpMOV
	OpLEA
	OpCBW
	OpCWD
	OpSAHF
	OpLAHF
	OpRET
	OpENTER
	OpLEAVE
	OpAAM
	OpAAD
	OpSALC
	OpXLAT
	OpLOOPNE
	OpLOOPE
	OpLOOP
	OpJCXZ
	OpCALL
	OpJMP
	OpCMC
	OpNOT
	OpNEG
	OpMUL
	OpIMUL
	OpDIV
	OpIDIV
	OpCLC
	OpSTC
	OpCLD
	OpSTD
	OpCALLIND
	OpJMPIND
	OpNOP
	OpCMOV
	OpSET
	OpBT
	OpSHLD
	OpBTS
	OpSHRD
	OpCLFLUSH
	OpLFENCE
	OpMFENCE
	OpSFENCE
	OpIMUL2
	OpCMPXCHG
	OpBTR
	OpMOVZX
	OpPOPCNT
	OpBTC
	OpBSF
	OpBSR
	OpMOVSX
	OpXADD
	OpMOVNTI
	OpCMPXCHG8B
	OpBSWAP
	OpPAUSE
	OpLZCNT
	OpTZCNT
	OpMOVBE
	OpCRC32
	OpADCX
	OpADOX
	OpANDN
	OpBEXTR
	OpBLSI
	OpBLSMSK
	OpBLSR
	OpBZHI
	OpMULX
	OpPDEP
	OpPEXT
	OpRORX
	OpSARX
	OpSHLX
	OpSHRX
	OpRDRAND

	// String instructions (exec_string.go).
	OpMOVS
	OpCMPS
	OpSTOS
	OpLODS
	OpSCAS
	OpINS
	OpOUTS

	// System, segment and control transfer to other levels (execSystem).
	OpPUSHSEG
	OpPOPSEG
	OpMOVFROMSEG
	OpMOVTOSEG
	OpLOADFAR
	OpCALLFAR
	OpJMPFAR
	OpRETFAR
	OpINT3
	OpINT
	OpINTO
	OpINT1
	OpIRET
	OpPUSHF
	OpPOPF
	OpCLI
	OpSTI
	OpHLT
	OpIN
	OpOUT
	OpSLDT
	OpSTR
	OpLLDT
	OpLTR
	OpVERR
	OpVERW
	OpARPL
	OpSGDT
	OpSIDT
	OpLGDT
	OpLIDT
	OpSMSW
	OpLMSW
	OpINVLPG
	OpMONITOR
	OpMWAIT
	OpCLAC
	OpSTAC
	OpSWAPGS
	OpRDTSCP
	OpLAR
	OpLSL
	OpSYSCALL
	OpCLTS
	OpSYSRET
	OpINVD
	OpWBINVD
	OpMOVFROMCR
	OpMOVFROMDR
	OpMOVTOCR
	OpMOVTODR
	OpWRMSR
	OpRDTSC
	OpRDMSR
	OpRDPMC
	OpSYSENTER
	OpSYSEXIT
	OpCPUID
	OpRDFSBASE
	OpRDGSBASE
	OpWRFSBASE
	OpWRGSBASE
	OpINVPCID
	OpXGETBV
	OpXSETBV

	opSSE // the first of op_sse.go
)

// Kind says which function executes an Op.
type Kind uint8

const (
	KindNone Kind = iota // OpUD
	KindInt
	KindString
	KindSystem
	KindSSE
	KindX87
)

// Kind returns the group that o belongs to.
func (o Op) Kind() Kind {
	switch {
	case o < OpADD:
		return KindNone
	case o < OpMOVS:
		return KindInt
	case o < OpPUSHSEG:
		return KindString
	case o < opSSE:
		return KindSystem
	case o < opX87:
		return KindSSE
	}
	return KindX87
}
