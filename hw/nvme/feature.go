package nvme

// Features (5.21.1).
const (
	featArbitration = 0x01
	featPower       = 0x02
	featTemperature = 0x04
	featErrors      = 0x05
	featWriteCache  = 0x06
	featQueues      = 0x07
	featCoalescing  = 0x08
	featVector      = 0x09
	featAtomicity   = 0x0a
	featEvents      = 0x0b
)

// known tells whether a feature exists. They are kept and reported; the only
// one that has an effect is the number of queues.
func known(id uint32) bool {
	switch id {
	case featArbitration, featPower, featTemperature, featErrors, featWriteCache, featQueues,
		featCoalescing, featVector, featAtomicity, featEvents:
		return true
	}
	return false
}

// queueCount is how many I/O queues there are of each kind, counted from 0.
const queueCount = (IOQueues-1)<<16 | (IOQueues - 1)

// featureDefault is a feature's value after reset.
func featureDefault(id uint32) uint32 {
	switch id {
	case featWriteCache:
		return 1
	case featQueues:
		return queueCount
	}
	return 0
}

// setFeature is 5.21. Values are kept as the difference from their default.
func (c *Controller) setFeature(cmd *Command) (uint32, uint16) {
	id, v := cmd.dword(10)&0xff, cmd.dword(11)
	switch {
	case cmd.dword(10)&(1<<31) != 0:
		return 0, notSaveable
	case !known(id):
		return 0, invalidField
	case id == featPower && v&0x1f != 0:
		return 0, invalidField // there is one power state
	case id == featVector && v&0xffff >= queues:
		return 0, invalidField
	case id == featVector:
		return 0, success
	case id == featQueues:
		if v&0xffff == 0xffff || v>>16 == 0xffff {
			return 0, invalidField
		}
		for i := 1; i < queues; i++ {
			if c.state.SQ[i].Size != 0 || c.state.CQ[i].Size != 0 {
				return 0, commandSequence
			}
		}
		return queueCount, success
	}
	c.state.Features[id] = v ^ featureDefault(id)
	return 0, success
}

// getFeature is 5.9.
func (c *Controller) getFeature(cmd *Command) (uint32, uint16) {
	id := cmd.dword(10) & 0xff
	switch {
	case !known(id):
		return 0, invalidField
	case id == featVector:
		if cmd.dword(11)&0xffff >= queues {
			return 0, invalidField
		}
		return cmd.dword(11) & 0xffff, success
	}
	return c.state.Features[id] ^ featureDefault(id), success
}
