package inspect

import (
	"fmt"
	"slices"
	"strings"

	"resvirt/vi/image"
)

// The parts of the VMM's structures that the invariants need, as mirrors
// (mirror.go): fields have the VMM's names.

type frameInfo struct{ Count, Typ, Owner, Next, Prev uint64 }

type timerInfo struct {
	Addr    uint64 `vmm:"@"`
	Expires int64
	Fn, Cpu uint64
	Pos     uint64
}

type cpuInfo struct {
	Addr     uint64   `vmm:"@"`
	ID       uint64   `vmm:"ID"`
	Curr     uint64   `vmm:"core.curr"`
	Idle     uint64   `vmm:"core.idle"`
	IRQCount uint64   `vmm:"core.irqCount"`
	Soft     uint64   `vmm:"core.softirq"`
	Online   uint64   `vmm:"core.online"`
	Queue    uint64   `vmm:"core.sched.head"`
	Chosen   uint64   `vmm:"core.sched.curr"`
	Size     uint64   `vmm:"core.timers.size"`
	Running  uint64   `vmm:"core.timers.running"`
	Deadline int64    `vmm:"core.timers.deadline"`
	Heap     []uint64 `vmm:"core.timers.heap"`
	Depth    uint64   `vmm:"core.eoi.depth"`
	Vectors  []uint64 `vmm:"core.eoi.vector"`
	GDTBase  uint64   `vmm:"gdt.base"`

	Slice       timerInfo `vmm:"core.sched.slice"`
	Tick        timerInfo `vmm:"core.sched.tick"`
	Watchdog    timerInfo `vmm:"core.watchdogTimer"`
	Calibration timerInfo `vmm:"core.clock.timer"`
}

type domainInfo struct {
	Addr     uint64 `vmm:"@"`
	Next, Id uint64
	Refs     uint64
	PageList uint64
	TotPages uint64
	Dying    bool
	Shutdown bool

	Ring       uint64 // frame of the console ring
	PauseCount uint64
	Cursor     uint64 // descriptor of the frame up to which the end of the domain has come
	Nvcpus     uint64
	Vcpu       []uint64
	Shared     uint64
	Groups     []uint64
	Fifo       uint64 // address of its part of the FIFO interface of event channels
	FifoOn     uint64
	Grants     uint64
	Io         uint64 `may:"lack"` // address of what it may do with devices
	Privileged bool
}

// ioInfo is a domain's part of devices.
type ioInfo struct {
	Pirqs []pirqInfo
	Root  uint64 // frame of the tables by which its functions reach memory
}

type pirqInfo struct {
	Kind, Vector, Source, Port uint64
	Awaited                    bool
}

// devicesInfo is the VMM's table of functions and of what vectors lead to.
type devicesInfo struct {
	N         uint64
	Functions []functionInfo
	Routes    []routeInfo
}

type functionInfo struct{ Owner, Devfn uint64 }

type routeInfo struct {
	N      uint64
	Guests []routeGuestInfo
}

type routeGuestInfo struct{ D, Nr uint64 }

// grantsInfo is a domain's part of grants, addresses and frames of heap pages.
type grantsInfo struct {
	Shared, Active, Tracks []uint64
}

type trackInfo struct{ Dom, Ref, Frame, Flags uint64 }

type vcpuInfo struct {
	Addr         uint64 `vmm:"@"`
	Domain       uint64
	Id, Cpu      uint64
	State        uint64
	IsRunning    uint64
	Pause        uint64
	Pri          int64
	Queued       bool
	Qnext, Qprev uint64
	Info         uint64
	PollTimer    timerInfo
	Singleshot   timerInfo
	Periodic     timerInfo
	PeriodNS     int64

	Root      uint64   `vmm:"arch.guestTable"`
	RootUser  uint64   `vmm:"arch.guestTableUser"`
	Traps     uint64   `vmm:"arch.traps"`
	GDT       []uint64 `vmm:"arch.gdtFrames"`
	LDT       []uint64 `vmm:"arch.ldtFrames"`
	InfoFrame uint64   `vmm:"infoFrame"`
	Flags     uint64   `vmm:"arch.flags"`
	Noted     uint64   `vmm:"arch.noted"`
	Call      uint64   `vmm:"arch.log.nr"`
	Multicall bool     `vmm:"arch.mc.active"`
	Log       uint64   `vmm:"arch.log.done"`
}

type portInfo struct{ State, Vcpu, RemotePort, Remote, Queue uint64 }

type fifoInfo struct {
	Array   []uint64
	Control []fifoControlInfo
	Tails   []uint64
}

type fifoControlInfo struct{ Frame, Offset uint64 }

type sharedInfo struct {
	Pending []uint64 `vmm:"EvtchnPending"`
	Mask    []uint64 `vmm:"EvtchnMask"`
}

type upcallInfo struct {
	Pending  uint64 `vmm:"EvtchnUpcallPending"`
	Mask     uint64 `vmm:"EvtchnUpcallMask"`
	Selector uint64 `vmm:"EvtchnPendingSel"`
}

type heapInfo struct {
	Head  []uint64
	Nfree uint64
}

type persistInfo struct {
	Devices uint64 `vmm:"kept.devices" may:"lack"`
	Owner   uint64
	Saved   uint64
	Domains uint64 `vmm:"kept.domains"`
	Frames  uint64 `vmm:"kept.frames"`
	Heap    uint64 `vmm:"kept.heapStart"`
	Failure failureInfo
}

type failureInfo struct{ Count, Cpu, Kind, Pc, Addr, Code uint64 }

// layout is all that the checks need to know of an image, found by name.
type layout struct {
	frame, cpu, domain, vcpu, port, shared, upcall *mirror
	heap, persist, fifo, grants, track             *mirror
	io, devices                                    *mirror
	notedCall, notedValid                          uint64
	heapAt, persistAt, irqsAt                      uint64
	irqs                                           struct{ stride, inFlight, count int64 }
	framesN, domainsHead, heapStart                place64
	devicesAt                                      place64
	callTodo, flushTodo                            place64

	ioFirst, ioEnd            uint64 // frames of device memory
	firstDevice, pirqReserved uint64

	perCPU, block          uint64 // of the first CPU's block; distance
	frameTable, directMap  uint64
	textStart, roEnd       uint64
	imageStart, imageEnd   uint64
	maxCPUs, maxOrder      uint64
	evtchnPerBucket        uint64
	fifoQueues             uint64
	ptShift                uint64
	pinned, validated      uint64
	locked, typeCount      uint64
	free, heapPage, refs   uint64
	allocated, head, order uint64
	table                  [5]uint8 // types of frames that are page tables, by level
	segDesc, writable      uint8
	typeNames              [8]string // by type of frame
	tracksPerPage          uint64
	bucketsPerGroup        uint64
	wordsPerPage           uint64
	kernelMode, rewriting  uint64
	softTimer              uint64
	hvFirst, hvLast        int
	blocked, softs         uint64
	priBoost               int64

	locks map[string][]lockPlace // by type name, or "" for variables
}

// place64 is a number of the image at a fixed address.
type place64 struct {
	addr uint64
	size int64
}

// lockPlace is the place of a spinlock in a type or variable.
type lockPlace struct {
	path   string
	offset uint64
}

// binder collects what an image lacks.
type binder struct {
	v     *View
	lacks []string
}

func (b *binder) keep(lacks []string) { b.lacks = append(b.lacks, lacks...) }

func (b *binder) typ(name string, to any) *mirror {
	m, lacks := b.v.bind(name, to)
	b.keep(lacks)
	return m
}

func (b *binder) constant(name string) uint64 {
	c, err := b.v.Const(name)
	if err != nil {
		b.keep([]string{err.Error()})
	}
	return uint64(c)
}

// number finds a numeric variable, or a field of one by a path.
func (b *binder) number(name, path string) place64 {
	at, err := b.v.Var(name, nil)
	if err != nil {
		b.keep([]string{err.Error()})
		return place64{}
	}
	if path != "" {
		if at, err = at.Path(path); err != nil {
			b.keep([]string{err.Error()})
			return place64{}
		}
	}
	return place64{at.Addr, at.Size()}
}

// initial is a numeric variable's value in the image as it is loaded.
func (b *binder) initial(name, path string) uint64 {
	p := b.number(name, path)
	if p.size == 0 {
		return 0
	}
	v, err := p.read(Initial(b.v.image))
	if err != nil {
		b.keep([]string{err.Error()})
	}
	return v
}

// newLayout finds all parts, or names all those that an image lacks.
func newLayout(v *View) (*layout, error) {
	b := &binder{v: v}
	l := &layout{locks: map[string][]lockPlace{}}
	l.frame, l.cpu, l.domain = b.typ("main.page", frameInfo{}), b.typ("main.CPU", cpuInfo{}), b.typ("main.Domain", domainInfo{})
	l.vcpu, l.port = b.typ("main.VCPU", vcpuInfo{}), b.typ("main.evtchn", portInfo{})
	l.shared, l.upcall = b.typ("resvirt/vi/abi.SharedInfo", sharedInfo{}), b.typ("resvirt/vi/abi.VcpuInfo", upcallInfo{})
	var lacks []string
	l.heap, l.heapAt, lacks = v.bindVar("main.heap", heapInfo{})
	b.keep(lacks)
	l.fifo = b.typ("main.fifo", fifoInfo{})
	l.grants, l.track = b.typ("main.grantTable", grantsInfo{}), b.typ("main.grantTrack", trackInfo{})
	l.bindDevices(b)
	l.persist = b.typ("main.persistent", persistInfo{})
	// The page that survives starts with the policy word.
	addr, ok := v.image.Addr("main.policy")
	if l.persistAt = addr; !ok {
		b.keep([]string{"there is no symbol main.policy"})
	}
	l.framesN, l.domainsHead = b.number("main.frames", "n"), b.number("main.domains", "head")
	l.heapStart = b.number("main.bootInfo", "heapStart")
	l.callTodo, l.flushTodo = b.number("main.call", "todo"), b.number("main.flushRequest", "todo")
	l.bindConstants(b)
	l.bindTypes(b)
	l.bindImage(b)
	l.bindIRQs(b)
	l.bindLocks(b)
	if len(b.lacks) > 0 {
		slices.Sort(b.lacks)
		return nil, fmt.Errorf("inspect %s: the checks do not know this VMM: %s", v.image.Name, strings.Join(slices.Compact(b.lacks), "; "))
	}
	return l, nil
}

// bindDevices finds what there is about devices, in VMMs that know any: databases hold older
// ones.
func (l *layout) bindDevices(b *binder) {
	if _, err := b.v.Var("main.devices", nil); err != nil {
		return
	}
	b.typ("main.Domain", struct{ Io uint64 }{})
	b.typ("main.persistent", struct {
		Devices uint64 `vmm:"kept.devices"`
	}{})
	l.io, l.devices = b.typ("main.ioTable", ioInfo{}), b.typ("main.deviceTable", devicesInfo{})
	l.devicesAt = b.number("main.devices", "")
	l.ioFirst, l.ioEnd = b.constant("main.ioFirstFrame"), b.constant("main.ioEndFrame")
	l.firstDevice, l.pirqReserved = b.constant("main.firstDevice"), b.constant("main.pirqReserved")
}

func (l *layout) bindConstants(b *binder) {
	l.block, l.maxCPUs, l.maxOrder = b.constant("main.cpuBlockSize"), b.constant("main.maxCPUs"), b.constant("main.maxOrder")
	l.evtchnPerBucket, l.bucketsPerGroup = b.constant("main.evtchnPerBucket"), b.constant("main.bucketsPerGroup")
	l.fifoQueues, l.wordsPerPage = b.constant("main.fifoQueues"), b.constant("main.wordsPerPage")
	l.tracksPerPage = b.constant("main.tracksPerPage")
	l.kernelMode, l.rewriting = b.constant("main.inKernelMode"), b.constant("main.rewriting")
	l.ptShift, l.pinned, l.validated = b.constant("main.ptTypeShift"), b.constant("main.ptPinned"), b.constant("main.ptValidated")
	l.locked, l.typeCount = b.constant("main.ptLocked"), b.constant("main.ptCount")
	l.allocated, l.order = b.constant("main.pgAllocated"), b.constant("main.pageOrder")
	l.free, l.heapPage, l.refs, l.head = b.constant("main.pgFree"), b.constant("main.pgHeap"), b.constant("main.pgRefs"), b.constant("main.pageHead")
	l.hvFirst, l.hvLast = int(b.constant("main.hvSlotFirst")), int(b.constant("main.hvSlotLast"))
	l.blocked, l.priBoost = b.constant("main.pauseBlocked"), int64(b.constant("main.priBoost"))
	l.notedCall, l.notedValid = b.constant("main.notedCall"), b.constant("main.notedValid")
	l.softTimer = b.constant("main.softTimer")
	for name := range b.v.consts {
		if strings.HasPrefix(name, "main.soft") {
			l.softs++
		}
	}
}

// bindTypes finds the constants for types of frames, which the VMM has shifted
// as in a descriptor.
func (l *layout) bindTypes(b *binder) {
	number := func(name string) uint8 { return uint8(b.constant(name) >> l.ptShift & 7) }
	for i := range l.typeNames {
		l.typeNames[i] = fmt.Sprintf("type %d", i)
	}
	l.typeNames[0] = "no type"
	for level := 1; level < len(l.table); level++ {
		l.table[level] = number(fmt.Sprintf("main.ptL%d", level))
		l.typeNames[l.table[level]] = fmt.Sprintf("L%d", level)
	}
	l.segDesc, l.writable = number("main.ptSegDesc"), number("main.ptWritable")
	l.typeNames[l.segDesc], l.typeNames[l.writable] = "descriptors", "writable"
}

// levelOf is the level of page tables for a type of frames, 0 if they are no page
// tables.
func (l *layout) levelOf(typ uint8) int {
	for level := 1; level < len(l.table); level++ {
		if l.table[level] == typ {
			return level
		}
	}
	return 0
}

func (l *layout) bindImage(b *binder) {
	const info = "resvirt/vi/bare.Image"
	l.perCPU, l.frameTable, l.directMap = b.initial(info, "PerCPU"), b.initial("main.frameTableBase", ""), b.initial("main.directMapBase", "")
	l.textStart, l.roEnd = b.initial(info, "TextStart"), b.initial(info, "ROEnd")
	l.imageStart, l.imageEnd = b.initial(info, "VirtBase"), b.initial(info, "End")
}

func (l *layout) bindIRQs(b *binder) {
	at, err := b.v.Var("main.irqs", nil)
	if err == nil {
		l.irqsAt, l.irqs.count = at.Addr, int64(at.Len())
		if at, err = at.Index(0); err == nil {
			l.irqs.stride = at.Size()
			at, err = at.Field("inFlight")
			l.irqs.inFlight = int64(at.Addr - l.irqsAt)
		}
	}
	if err != nil {
		b.keep([]string{err.Error()})
	}
}

// bindLocks finds every spinlock by its type.
func (l *layout) bindLocks(b *binder) {
	for _, name := range []string{"main.CPU", "main.Domain", "main.VCPU"} {
		if at, err := b.v.At(name, 0, nil); err == nil {
			at.name = ""
			l.locks[name] = locksIn(at)
		}
	}
	var names []string
	for name := range b.v.types {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if at, err := b.v.Var(name, nil); err == nil {
			l.locks[""] = append(l.locks[""], locksIn(at)...)
		}
	}
	if len(l.locks[""]) == 0 {
		b.keep([]string{"there is no variable with a main.spinlock"})
	}
}

func (p place64) read(mem Memory) (uint64, error) { return word(mem, p.addr, p.size) }

// RecoveryFailure is the VMM's own record of the failure that it detected last.
type RecoveryFailure = failureInfo

// Image is the image that a view looks at.
func (v *View) Image() *image.Image { return v.image }
