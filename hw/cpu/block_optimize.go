package cpu

// Makes the optimized form of a block, without flags that are never read. The
// difference must not be visible: before an instruction that may be left to the
// stepper, which needs the flags, all flags are computed.

// optimize returns the uops of a block without flags that are never read, and
// with comparisons fused with the branch after them.
func (in *dialect) optimize(exact []uop, insts []Inst) []uop {
	ops := append(make([]uop, 0, len(exact)+1), exact...)
	seen := true // whether the flags after instruction n may be read
	for n := len(ops) - 1; n >= 0; n-- {
		code, effect := in.quiet(&ops[n], &insts[n])
		if !seen && code != 0 {
			ops[n].code = code
			continue
		}
		switch effect {
		case flagsReplaced:
			seen = false
		case flagsUsed:
			seen = true
		}
	}
	return in.fuse(ops, insts)
}

// flagEffect is what an instruction does with the flags before it.
type flagEffect uint8

const (
	flagsUsed     flagEffect = iota // or the instruction may fault, or is unknown
	flagsKept                       // neither read nor written
	flagsReplaced                   // all written, none read
)

// quiet returns the code of u's variant without flags, 0 if there is none, and
// what u does with flags.
func (in *dialect) quiet(u *uop, i *Inst) (code uint16, effect flagEffect) {
	if u.code <= uEnd {
		return 0, flagsUsed
	}
	plain := *u
	key, ok := in.operands(i, &plain, uint64(u.next))
	if !ok || i.Prefix&PrefixMem != 0 && i.Op != OpLEA {
		return 0, flagsUsed
	}
	key.mod = modQuiet
	code = in.ops[key]
	switch i.Op {
	case OpADD, OpSUB, OpAND, OpOR, OpXOR, OpCMP, OpTEST, OpNEG:
		return code, flagsReplaced
	case OpSHL, OpSHR, OpSAR:
		if key.lay == layRI { // by CL the count may be zero
			return code, flagsReplaced
		}
	case OpMOV, OpLEA, OpMOVZX, OpMOVSX, OpMOVSXD, OpNOT, OpXCHG, OpBSWAP, OpNOP, OpCBW, OpCWD:
		return 0, flagsKept
	}
	return code, flagsUsed
}

// fuse joins comparisons with the conditional branches after them.
func (in *dialect) fuse(ops []uop, insts []Inst) []uop {
	out := ops[:0]
	for n := 0; n < len(ops); n++ {
		u := ops[n]
		if n+1 < len(ops) && insts[n+1].Op == OpJCC && ops[n+1].code > uEnd {
			branch := &ops[n+1]
			plain := u
			first, ok := in.operands(&insts[n], &plain, uint64(u.next))
			code := in.pairs[pairKey{first, insts[n+1].Sub}]
			if ok && code != 0 && branch.imm < uint64(len(pageCode{}.blocks)) {
				u.code, u.to, u.next = code, uint16(branch.imm), branch.next
				u.at, u.pair, u.spent = branch.at, 1, branch.spent
				n++
			}
		}
		out = append(out, u)
	}
	return out
}
