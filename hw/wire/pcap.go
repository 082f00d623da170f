package wire

import (
	"encoding/binary"
	"io"

	"resvirt/sim"
)

// Pcap records frames in the format of libpcap, with times in nanoseconds since
// power-on. It is an observer on the host.
type Pcap struct {
	w   io.Writer
	err error
}

// NewPcap writes the file's header.
func NewPcap(w io.Writer) *Pcap {
	const (
		magic    = 0xa1b23c4d // times in nanoseconds
		snapLen  = 1 << 18
		ethernet = 1
	)
	le := binary.LittleEndian
	h := le.AppendUint32(nil, magic)
	h = le.AppendUint16(le.AppendUint16(h, 2), 4) // version
	h = append(h, make([]byte, 8)...)             // time zone, accuracy
	h = le.AppendUint32(le.AppendUint32(h, snapLen), ethernet)
	p := &Pcap{w: w}
	p.write(h)
	return p
}

// Frame is a Tap.
func (p *Pcap) Frame(t sim.Time, _ int, frame []byte) {
	le := binary.LittleEndian
	h := le.AppendUint32(nil, uint32(t/sim.Second))
	h = le.AppendUint32(h, uint32(t%sim.Second/sim.Nanosecond))
	h = le.AppendUint32(le.AppendUint32(h, uint32(len(frame))), uint32(len(frame)))
	p.write(append(h, frame...))
}

func (p *Pcap) write(b []byte) {
	if p.err == nil {
		_, p.err = p.w.Write(b)
	}
}

// Err is the first error of the writer; nothing was written after it.
func (p *Pcap) Err() error { return p.err }
