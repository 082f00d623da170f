package cpu

import "resvirt/hw/softfloat"

// sseConvert executes the conversions.
func (c *CPU) sseConvert(i *Inst) bool {
	switch i.Op {
	case OpCVTSI2SS, OpCVTSI2SD:
		c.fromGeneral(i)
	case OpCVTSS2SI, OpCVTTSS2SI, OpCVTSD2SI, OpCVTTSD2SI:
		c.toGeneral(i)
	case OpCVTPS2PD, OpCVTPD2PS, OpCVTSS2SD, OpCVTSD2SS, OpCVTDQ2PS, OpCVTPS2DQ,
		OpCVTTPS2DQ, OpCVTTPD2DQ, OpCVTDQ2PD, OpCVTPD2DQ:
		c.convertVector(i)
	default:
		return false
	}
	return true
}

// fromGeneral is CVTSI2SS and CVTSI2SD.
func (c *CPU) fromGeneral(i *Inst) {
	v := c.GPR[i.RM]
	if i.Prefix&PrefixMem != 0 {
		var ok bool
		if v, ok = c.loadN(i.Seg, c.address(i), int(i.Size)); !ok {
			return
		}
	}
	n := int64(v)
	if i.Size == 4 {
		n = int64(int32(v))
	}
	e := c.sseEnv()
	r := c.FPU.XMM[i.Reg]
	if i.Op == OpCVTSI2SS {
		r[0] = r[0]&^(1<<32-1) | uint64(e.FromInt32(n))
	} else {
		r[0] = e.FromInt64(n)
	}
	if c.sseFlags(&e) {
		c.FPU.XMM[i.Reg] = r
	}
}

// toGeneral is CVT(T)SS2SI and CVT(T)SD2SI. Size is that of the general
// register; memory is as large as the scalar.
func (c *CPU) toGeneral(i *Inst) {
	single := i.Op == OpCVTSS2SI || i.Op == OpCVTTSS2SI
	v := c.FPU.XMM[i.RM][0]
	if i.Prefix&PrefixMem != 0 {
		size := 8
		if single {
			size = 4
		}
		var ok bool
		if v, ok = c.loadN(i.Seg, c.address(i), size); !ok {
			return
		}
	}
	e := c.sseEnv()
	mode := e.Round
	if i.Op == OpCVTTSS2SI || i.Op == OpCVTTSD2SI {
		mode = softfloat.Zero
	}
	var n int64
	if single {
		n, _ = e.ToInt32(uint32(v), 8*uint(i.Size), mode)
	} else {
		n, _ = e.ToInt64(v, 8*uint(i.Size), mode)
	}
	if !c.sseFlags(&e) {
		return
	}
	if i.Size == 4 {
		n = int64(uint32(n))
	}
	c.GPR[i.Reg] = uint64(n)
}

// convertVector executes the conversions between XMM registers.
func (c *CPU) convertVector(i *Inst) {
	b, ok := c.xmmRM(i, true)
	if !ok {
		return
	}
	e := c.sseEnv()
	r := c.FPU.XMM[i.Reg]
	switch i.Op {
	case OpCVTPS2PD:
		r = xmm{e.Extend(uint32(b[0])), e.Extend(uint32(b[0] >> 32))}
	case OpCVTPD2PS:
		r = xmm{uint64(e.Narrow(b[0])) | uint64(e.Narrow(b[1]))<<32, 0}
	case OpCVTSS2SD:
		r[0] = e.Extend(uint32(b[0]))
	case OpCVTSD2SS:
		r[0] = r[0]&^(1<<32-1) | uint64(e.Narrow(b[0]))
	case OpCVTDQ2PD:
		r = xmm{e.FromInt64(int64(int32(b[0]))), e.FromInt64(int64(b[0]) >> 32)}
	case OpCVTDQ2PS:
		r = each32(b, func(v uint32) uint32 { return e.FromInt32(int64(int32(v))) })
	case OpCVTPS2DQ, OpCVTTPS2DQ:
		mode := e.Round
		if i.Op == OpCVTTPS2DQ {
			mode = softfloat.Zero
		}
		r = each32(b, func(v uint32) uint32 {
			n, _ := e.ToInt32(v, 32, mode)
			return uint32(n)
		})
	case OpCVTPD2DQ, OpCVTTPD2DQ:
		mode := e.Round
		if i.Op == OpCVTTPD2DQ {
			mode = softfloat.Zero
		}
		low, _ := e.ToInt64(b[0], 32, mode)
		high, _ := e.ToInt64(b[1], 32, mode)
		r = xmm{uint64(uint32(low)) | uint64(uint32(high))<<32, 0}
	}
	if c.sseFlags(&e) {
		c.FPU.XMM[i.Reg] = r
	}
}

func each32(v xmm, f func(uint32) uint32) (r xmm) {
	for k, w := range v {
		r[k] = uint64(f(uint32(w))) | uint64(f(uint32(w>>32)))<<32
	}
	return r
}
