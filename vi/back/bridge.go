package back

// MaxPorts is how many interfaces a bridge connects.
const MaxPorts = Uplinks + MaxDevices

// Uplinks are the bridge's first ports: interfaces of the machine. Port Uplinks+i is
// that of device i.
const Uplinks = 2

const (
	bridgeEntries = 64
	bridgeAge     = 300e9 // ns until an address that is silent is forgotten (IEEE 802.1D, 7.9.2)
)

// Bridge passes frames between its ports and learns who is where.
type Bridge struct {
	Send func(port int, f *Frame) // takes a frame out; it is only lent
	On   [MaxPorts]bool           // ports with somebody behind them

	table [bridgeEntries]station
}

// station is an address that was seen.
type station struct {
	address uint64 // 48 bits; 0 is none
	port    int
	seen    uint64 // ns
}

// Forget is called when what was behind a port is gone.
func (b *Bridge) Forget(port int) {
	for i := range b.table {
		if b.table[i].port == port {
			b.table[i] = station{}
		}
	}
}

// Input takes a frame that came in by a port, at a time in nanoseconds.
func (b *Bridge) Input(port int, f *Frame, now uint64) {
	if f.Length < etherHeader {
		return
	}
	p := f.Bytes()
	from, to := addressAt(p[6:12]), addressAt(p[0:6])
	if !group(from) && from != 0 {
		b.learn(from, port, now)
	}
	if !group(to) {
		if at := b.find(to, now); at >= 0 {
			if at != port {
				b.output(at, f)
			}
			return
		}
	}
	for i := range b.On {
		if i != port {
			b.output(i, f)
		}
	}
}

func (b *Bridge) output(port int, f *Frame) {
	if b.On[port] {
		b.Send(port, f)
	}
}

// find is the port of an address, or below 0.
func (b *Bridge) find(address, now uint64) int {
	for i := range b.table {
		if s := &b.table[i]; s.address == address && now-s.seen < bridgeAge {
			return s.port
		}
	}
	return -1
}

// learn notes where an address is; the one longest silent makes room.
func (b *Bridge) learn(address uint64, port int, now uint64) {
	at := 0
	for i := range b.table {
		s := &b.table[i]
		if s.address == address {
			at = i
			break
		}
		if b.table[at].address != 0 && (s.address == 0 || s.seen < b.table[at].seen) {
			at = i
		}
	}
	b.table[at] = station{address, port, now}
}

// addressAt reads a station's address.
func addressAt(p []byte) (a uint64) {
	for _, c := range p[:6] {
		a = a<<8 | uint64(c)
	}
	return a
}

// group says whether an address is that of several stations (the lowest bit of its
// first byte).
func group(a uint64) bool { return a>>40&1 != 0 }
