package inspect

import "fmt"

// Machine is what the checks need of the machine that the image runs on.
type Machine struct {
	Memory Memory
	CPUs   []Processor // by the VMM's number
	Frames uint64      // frames of RAM, holes included: lower frame numbers may have a descriptor
}

// Processor is the state of one CPU that its VMM keeps a copy of.
type Processor struct {
	InService []uint8 // vectors, ascending
	Halted    bool
	Guest     bool   // it executes at privilege level 3
	Root      uint64 // frame that CR3 names, 0 if that is not known
}

// Violation is an invariant that does not hold.
type Violation struct {
	Kind   ViolationKind `json:"kind"`
	Place  string        `json:"place"`
	Is     string        `json:"is"`
	Should string        `json:"should"`
}

// Where is what a violation is about, without its values.
type Where struct {
	Kind  ViolationKind
	Place string
}

// Where is the same for violations of the same invariant by the same thing.
func (v Violation) Where() Where { return Where{v.Kind, v.Place} }

func (v Violation) String() string {
	return fmt.Sprintf("%s is %s, should be %s", v.Place, v.Is, v.Should)
}

// bounds of walks through memory that may be damaged.
const (
	mostDomains    = 64
	mostViolations = 5000 // of a kind
)

// world is the state that one check examines, read once.
type world struct {
	*layout
	view    *View
	m       *Machine
	cpus    []cpuInfo
	domains []domainInfo
	vcpus   []vcpuOf // of all domains, then the idle ones
	frames  []frameInfo
	persist persistInfo

	channels [][]numbered   // by domain, read once
	byFrame  map[uint64]int // domains by the frame that stands for them
	known    map[uint64]string
	n        [ViolationKinds]int
	list     []Violation
}

// vcpuOf is a vCPU and its name, such as d1v0 or idle1.
type vcpuOf struct {
	vcpuInfo
	name   string
	domain int // in world.domains, -1 = idle
}

// wrong notes a violation.
func (w *world) wrong(kind ViolationKind, place, is, should string, args ...any) {
	if w.n[kind]++; w.n[kind] <= mostViolations {
		w.list = append(w.list, Violation{kind, place, is, fmt.Sprintf(should, args...)})
	}
}

// num formats a number as a person would write it.
func num(v uint64) string {
	if v < 1<<20 {
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%#x", v)
}

// read copies a struct; what cannot be read is a violation.
func (w *world) read(m *mirror, addr uint64, name string, to any) bool {
	if err := m.read(w.m.Memory, addr, to); err != nil {
		w.wrong(Pointers, name, fmt.Sprintf("at %#x", addr), "in memory that is mapped")
		return false
	}
	return true
}

// get reads a number, 0 where it cannot be read.
func (w *world) get(p place64) uint64 {
	v, err := p.read(w.m.Memory)
	if err != nil {
		w.wrong(Pointers, "a variable", fmt.Sprintf("at %#x", p.addr), "in memory that is mapped")
	}
	return v
}

// frameOf is the frame of a direct-mapped address, false if it has none.
func (w *world) frameOf(addr uint64) (uint64, bool) {
	f := (addr - w.directMap) >> 12
	return f, addr >= w.directMap && f != 0 && f < w.m.Frames
}

// object checks a pointer to something that begins a heap page.
func (w *world) object(place string, addr uint64) bool {
	f, ok := w.frameOf(addr)
	switch {
	case !ok:
		w.wrong(Pointers, place, fmt.Sprintf("%#x", addr), "a page of the hypervisor's heap")
		return false
	case addr&0xfff != 0:
		w.wrong(Pointers, place, fmt.Sprintf("%#x", addr), "the start of a page")
		return false
	case f < uint64(len(w.frames)) && w.frames[f].Count&(w.heapPage|w.allocated) == 0 && w.frames[f].Count&w.free != 0:
		w.wrong(Pointers, place, fmt.Sprintf("%#x, in frame %d, which is free", addr, f), "a page that is in use")
	}
	return true
}

// load reads everything there is.
func (w *world) load() {
	w.read(w.layout.persist, w.persistAt, "main.policy's page", &w.persist)
	w.loadFrames()
	w.loadObjects()
}

// loadObjects reads CPUs, domains and vCPUs.
func (w *world) loadObjects() {
	for i := range w.m.CPUs {
		var c cpuInfo
		if w.read(w.cpu, w.perCPU+uint64(i)*w.block, fmt.Sprintf("CPU %d", i), &c) {
			w.cpus = append(w.cpus, c)
		}
	}
	w.loadDomains()
	for i := range w.cpus {
		c := &w.cpus[i]
		name := fmt.Sprintf("idle%d", i)
		if c.Idle == 0 && c.Online == 0 {
			continue // not started, or forgotten by a microreboot under way
		}
		w.loadVCPU(c.Idle, fmt.Sprintf("CPU %d core.idle", i), name, -1)
	}
}

func (w *world) loadFrames() {
	n := w.get(w.framesN)
	if n == 0 && w.persist.Saved != 0 {
		n = w.persist.Frames
	}
	if n > w.m.Frames {
		w.wrong(Code, "main.frames.n", num(n), "at most %d", w.m.Frames)
		n = w.m.Frames
	}
	w.frames = make([]frameInfo, n)
	buf := make([]byte, int64(n)*w.frame.size)
	if len(buf) == 0 {
		return
	}
	if w.m.Memory(w.frameTable, buf) != nil {
		w.wrong(Pointers, "the frame table", fmt.Sprintf("at %#x", w.frameTable), "in memory that is mapped")
		w.frames = nil
		return
	}
	for i := range w.frames {
		w.frame.frameAt(buf[int64(i)*w.frame.size:], &w.frames[i])
	}
}

// frameAt is a fast decode for frameInfo, of which there are many.
func (m *mirror) frameAt(b []byte, f *frameInfo) {
	to := [...]*uint64{&f.Count, &f.Typ, &f.Owner, &f.Next, &f.Prev}
	for i := range m.fields {
		x := &m.fields[i]
		v := uint64(0)
		for k := x.size - 1; k >= 0; k-- {
			v = v<<8 | uint64(b[x.offset+k])
		}
		*to[x.index] = v
	}
}

// loadDomains follows the list of domains, or the copy that a recovery under
// way has saved.
func (w *world) loadDomains() {
	at := w.get(w.domainsHead)
	if at == 0 && w.persist.Saved != 0 {
		at = w.persist.Domains
	}
	last := ""
	for n, place := 0, "main.domains.head"; at != 0; n++ {
		if n == mostDomains {
			w.wrong(Domains, place, "a list without an end", "a list of domains")
			return
		}
		var d domainInfo
		if !w.object(place, at) || !w.read(w.domain, at, place, &d) {
			return
		}
		f, _ := w.frameOf(at)
		if _, twice := w.byFrame[f]; twice {
			w.wrong(Domains, place, "a domain that is in the list already", "the next domain or nil")
			return
		}
		name := fmt.Sprintf("d%d", d.Id)
		if len(w.domains) > 0 && w.domains[len(w.domains)-1].Id >= d.Id {
			w.wrong(Domains, name+".id", num(d.Id), "above that of %s", last)
		}
		w.byFrame[f] = len(w.domains)
		w.domains = append(w.domains, d)
		w.loadVCPUs(name, len(w.domains)-1)
		at, place, last = d.Next, name+".next", name
	}
}

func (w *world) loadVCPUs(name string, domain int) {
	d := &w.domains[domain]
	n := d.Nvcpus
	if n > uint64(len(d.Vcpu)) {
		w.wrong(Domains, name+".nvcpus", num(n), "at most %d", len(d.Vcpu))
		n = uint64(len(d.Vcpu))
	}
	for i := range n {
		v := fmt.Sprintf("%sv%d", name, i)
		if !w.loadVCPU(d.Vcpu[i], fmt.Sprintf("%s.vcpu[%d]", name, i), v, domain) {
			continue
		}
		got := &w.vcpus[len(w.vcpus)-1]
		if got.Domain != d.Addr {
			w.wrong(Pointers, v+".domain", fmt.Sprintf("%#x", got.Domain), "%#x", d.Addr)
		}
		if got.Id != i {
			w.wrong(VCPUs, v+".id", num(got.Id), "%d", i)
		}
	}
}

func (w *world) loadVCPU(at uint64, place, name string, domain int) bool {
	var v vcpuInfo
	if !w.object(place, at) || !w.read(w.vcpu, at, place, &v) {
		return false
	}
	w.vcpus = append(w.vcpus, vcpuOf{v, name, domain})
	w.known[at] = name
	return true
}

// vcpuName names a pointer to a vCPU.
func (w *world) vcpuName(addr uint64) string {
	if name, ok := w.known[addr]; ok {
		return name
	}
	if addr == 0 {
		return "nil"
	}
	return fmt.Sprintf("%#x, which is no vCPU", addr)
}

// domainName names a domain by its place in the list.
func (w *world) domainName(i int) string { return fmt.Sprintf("d%d", w.domains[i].Id) }
