package e1000

// Statistics, by their place from 0x4000 on (13.7). They are cleared by reading;
// those of 64 bits when their upper half is read.
const (
	stMissed      = 0x10 / 4
	stSizes       = 0x5c / 4 // six counters by length, of received packets
	stGood        = 0x74 / 4
	stBroadcast   = 0x78 / 4
	stMulticast   = 0x7c / 4
	stSent        = 0x80 / 4
	stGoodBytes   = 0x88 / 4
	stSentBytes   = 0x90 / 4
	stNoBuffer    = 0xa0 / 4
	stUndersize   = 0xa4 / 4
	stOversize    = 0xac / 4
	stBytes       = 0xc0 / 4
	stAllSent     = 0xc8 / 4
	stPackets     = 0xd0 / 4
	stPacketsSent = 0xd4 / 4
	stSentSizes   = 0xd8 / 4
	stSentMulti   = 0xf0 / 4
	stSentBroad   = 0xf4 / 4
	stSegmented   = 0xf8 / 4
)

func (c *Controller) readStat(off uint32) uint32 {
	i := (off - offStats) / 4
	s := &c.state.Stats
	v := s[i]
	switch i {
	case stGoodBytes, stSentBytes, stBytes, stAllSent:
		return v
	case stGoodBytes + 1, stSentBytes + 1, stBytes + 1, stAllSent + 1:
		s[i-1] = 0
	}
	s[i] = 0
	return v
}

// count adds one, and stays at the greatest value.
func (c *Controller) count(i int) {
	if c.state.Stats[i] != ^uint32(0) {
		c.state.Stats[i]++
	}
}

// countBytes adds to a counter of 64 bits.
func (c *Controller) countBytes(i, n int) {
	s := &c.state.Stats
	v := uint64(s[i+1])<<32 | uint64(s[i]) + uint64(n)
	s[i], s[i+1] = uint32(v), uint32(v>>32)
}

// sizeClass is which of the six counters counts a length, checksum included.
func sizeClass(n int) int {
	for i, most := range [...]int{64, 127, 255, 511, 1023} {
		if n <= most {
			return i
		}
	}
	return 5
}

// countFrame counts a good frame that was received or sent.
func (c *Controller) countFrame(frame []byte, sent bool) {
	n := len(frame) + crcBytes
	good, bytes, all, packets, sizes, multi, broad := stGood, stGoodBytes, stBytes, stPackets, stSizes, stMulticast, stBroadcast
	if sent {
		good, bytes, all, packets, sizes, multi, broad = stSent, stSentBytes, stAllSent, stPacketsSent, stSentSizes, stSentMulti, stSentBroad
	}
	c.count(good)
	c.count(packets)
	c.count(sizes + sizeClass(n))
	c.countBytes(bytes, n)
	c.countBytes(all, n)
	switch {
	case isBroadcast(frame):
		c.count(broad)
	case frame[0]&1 != 0:
		c.count(multi)
	}
}
