// Command tryout is a service that tries the devices of the control domain's kernel, in
// place of the others: a test runs it. It prints a line for each thing that works, and ends
// with the number of those that do not.
package main

import (
	"unsafe"

	"resvirt/vi/abi"
	p "resvirt/vi/privvm/process"
	"resvirt/vi/pvio"
)

// Implemented in entry_amd64.s.

func entry()
func failed()

func main() {}

var failures int

// check prints what was tried, and what came of it if that is not what should.
func check(what string, got, want int64) {
	var t p.Text
	t.Str(what)
	if got != want {
		failures++
		t.Str(": ").Dec(got).Str(", not ").Dec(want)
	}
	t.Line()
}

// yes is 1 for true.
func yes(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// start is called by Boot with the initial stack.
func start(stack uint64) {
	switch string(p.Args(stack).Arg(1)) {
	case "child":
		check("a program has the argument that it was started with", 1, 1)
		p.Exit(0)
	case "run", "probe": // in a VM, of which no more is wanted
		p.Exit(0)
	case "wait":
		e := p.Evtchn(p.Open("/dev/xen/evtchn"))
		e.BindUnbound(abi.DomidSelf)
		if e.Pending() == p.EINTR {
			check("it is asked to end", 1, 1)
		}
		p.Exit(0)
	case "crash":
		p.Sleep(1e6)
		*(*byte)(p.Ptr(8)) = 1
	}
	privcmd := p.Privcmd(p.Open("/dev/xen/privcmd"))
	check("a file that there is none of", p.Open("/dev/xen/nothing"), -abi.ENOENT)
	hypercalls(privcmd)
	channels(p.Evtchn(p.Open("/dev/xen/evtchn")))
	frames(privcmd)
	archive()
	store(p.Evtchn(p.Open("/dev/xen/evtchn")), p.Gntdev(p.Open("/dev/xen/gntdev")))
	p.Exit(failures)
}

// hypercalls issues some.
func hypercalls(c p.Privcmd) {
	version := c.Hypercall(abi.HypercallXenVersion, abi.XenverVersion, 0, 0, 0)
	check("a hypercall", yes(version>>16 >= 4), 1)
	op := abi.Domctl{Cmd: abi.DomctlGetInfo, Version: abi.DomctlVersion, Domain: 0}
	check("domctl from memory of the process", c.Hypercall(abi.HypercallDomctl, p.Addr(unsafe.Pointer(&op)), 0, 0, 0), 0)
	info := (*abi.DomctlDomainInfo)(unsafe.Pointer(&op.U))
	check("what it answers", yes(info.NrOnlineVcpus == 1 && info.TotPages > 0), 1)
	check("domctl from no memory", c.Hypercall(abi.HypercallDomctl, 0x1f00000, 0, 0, 0), -abi.EFAULT)
}

// channels sends an event from a port to another.
func channels(e p.Evtchn) {
	a := e.BindUnbound(abi.DomidSelf)
	check("an unbound port", yes(a > 0), 1)
	b := e.BindInterdomain(abi.DomidSelf, uint32(a))
	check("a port joined to it", yes(b > 0 && b != a), 1)
	check("whose binder is told", e.Pending(), b)
	check("an event that is sent", e.Notify(uint32(b)), 0)
	check("comes", e.Pending(), a)
	e.Notify(uint32(b))
	fds := [1]p.PollFD{{FD: int32(e), Events: p.PollIn}}
	check("another does not while the port is masked", p.Poll(fds[:], 0), 0)
	check("unmasking", e.Unmask(uint32(a)), 4)
	check("lets it through", p.Poll(fds[:], 1000), 1)
	check("as the same port", e.Pending(), a)
	check("poll gives up in time", p.Poll(fds[:], 1), 0)
	check("a port of nobody", e.Notify(uint32(a)+40), -abi.ENOTCONN)
	check("unbinding", e.Unbind(uint32(a)), 0)
	check("a port that is gone", e.Notify(uint32(a)), -abi.ENOTCONN)
	check("VIRQ_DOM_EXC", yes(e.BindVirq(abi.VirqDomExc) > 0), 1)
	p.Close(int(e)) // closes the others
}

// frames maps what cannot be mapped. That frames of domains can, the toolstack shows.
func frames(c p.Privcmd) {
	at := c.Window(2)
	check("a window", yes(at > 0), 1)
	list, errs := [2]uint64{^uint64(0) >> 30, ^uint64(0)}, [2]int32{7, 7}
	check("a frame that is none", c.MapFrames(abi.DomidSelf, uint64(at), list[:], errs[:]), -abi.ENOENT)
	check("is refused", yes(errs[0] < 0), 1)
	check("and the other has none", int64(errs[1]), 0)
	check("unmapping", p.Unmap(uint64(at), 2<<12), 0)
}

// archive reads this program.
func archive() {
	fd := int(p.Open("/tryout"))
	size := p.Size(fd)
	check("a file's size", yes(size > 4096), 1)
	at := p.Map(fd, uint64(size), false, 0)
	check("a file in memory", yes(at > 0), 1)
	check("is what it is", int64(*(*uint32)(p.Ptr(uint64(at)))), 0x464c457f)
	p.Close(fd)
	p.Unmap(uint64(at), uint64(size))
}

// store is both ends of a connection to XenStore: it maps by grant the page that the kernel
// has made for its own file.
func store(e p.Evtchn, g p.Gntdev) {
	client := int(p.Open("/dev/xen/xenbus"))
	server := int(p.Open("/dev/xen/xsd"))
	var list [9][3]uint32
	b := unsafe.Slice((*byte)(unsafe.Pointer(&list)), unsafe.Sizeof(list))
	check("the list of connections", p.Read(server, b), int64(len(b)))
	ref, port := list[1][0], list[1][1]
	at := g.Map(0, ref)
	check("a granted page", yes(at > 0), 1)
	local := e.BindInterdomain(0, port)
	check("its port", yes(local > 0), 1)
	r := (*pvio.StorePage)(p.Ptr(uint64(at)))
	message := [5]byte{'h', 'e', 'l', 'l', 'o'}
	check("a request", p.Write(client, message[:]), 5)
	e.Pending()
	check("is there", yes(r.ReqProd == 5 && string(r.Req[:5]) == "hello"), 1)
	r.ReqCons = 5
	r.Rsp[0], r.Rsp[1] = 'o', 'k'
	r.RspProd = 2
	e.Notify(uint32(local))
	var answer [8]byte
	check("its answer", p.Read(client, answer[:]), 2)
	check("has come", yes(string(answer[:2]) == "ok" && r.RspCons == 2), 1)
	check("unmapping", p.Unmap(uint64(at), 4096), 0)
	p.Close(client)
}
