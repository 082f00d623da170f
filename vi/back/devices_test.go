package back

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"resvirt/vi/front"
	"resvirt/vi/pvio"
)

// house is a toolstack, a XenStore without permissions and two domains: 1 has the back
// ends, 2 the front ends.
type house struct {
	*world
	nodes   map[string]string
	watches []watch
	events  []watch
	bound   map[uint32]uint32 // of the front end's port, by ours
	told    map[uint32]int
	rings   map[int]uint32
	back    *Devices
	reports []string
	outside []string
}

type watch struct {
	domain      int
	path, token string
}

func newHouse(t testing.TB) *house {
	h := &house{world: newWorld(t, 2048), nodes: map[string]string{}, bound: map[uint32]uint32{}, told: map[uint32]int{}, rings: map[int]uint32{}}
	h.tail = 64
	return h
}

func full(domain int, path []byte) string {
	if len(path) > 0 && path[0] == '/' {
		return string(path)
	}
	return fmt.Sprintf("/local/domain/%d/%s", domain, path)
}

func (h *house) read(domain int) func(path, into []byte) (int, bool) {
	return func(path, into []byte) (int, bool) {
		v, ok := h.nodes[full(domain, path)]
		return copy(into, v), ok && len(v) <= len(into)
	}
}

func (h *house) list(domain int) func(path, into []byte) (int, bool) {
	return func(path, into []byte) (int, bool) {
		var names []string
		root := full(domain, path) + "/"
		for p := range h.nodes {
			if rest, ok := strings.CutPrefix(p, root); ok {
				names = append(names, strings.SplitN(rest, "/", 2)[0]+"\x00")
			}
		}
		slices.Sort(names)
		return copy(into, strings.Join(slices.Compact(names), "")), len(names) > 0
	}
}

func (h *house) write(domain int) func(path, value []byte) bool {
	return func(path, value []byte) bool { h.set(full(domain, path), string(value)); return true }
}

func (h *house) set(path, value string) {
	h.nodes[path] = value
	h.fire(path)
}

func (h *house) fire(path string) {
	for _, w := range h.watches {
		if path == w.path || strings.HasPrefix(path, w.path+"/") {
			h.events = append(h.events, w)
		}
	}
}

func (h *house) remove(path string) {
	for p := range h.nodes {
		if p == path || strings.HasPrefix(p, path+"/") {
			delete(h.nodes, p)
		}
	}
	h.fire(path)
}

func (h *house) watch(domain int) func(path, token []byte) bool {
	return func(path, token []byte) bool {
		w := watch{domain, full(domain, path), string(token)}
		h.watches = append(h.watches, w)
		h.events = append(h.events, w)
		return true
	}
}

// platform is the back end's kernel.
func (h *house) platform() *Platform {
	return &Platform{
		Grants: h.grants(), Read: h.read(1), List: h.list(1), Write: h.write(1), Watch: h.watch(1),
		Unwatch: func(path, token []byte) bool {
			w := watch{1, full(1, path), string(token)}
			n := len(h.watches)
			h.watches = slices.DeleteFunc(h.watches, func(x watch) bool { return x == w })
			return len(h.watches) < n
		},
		Ring: func(_ uint16, ref uint32) (*pvio.SharedRing, int, bool) {
			p, ok := h.pages[ref]
			if !ok {
				return nil, 0, false
			}
			h.next++
			h.rings[int(h.next)] = ref
			return (*pvio.SharedRing)(unsafe.Pointer(p)), int(h.next), true
		},
		Release: func(handle int) { delete(h.rings, handle) },
		Bind: func(_ uint16, port uint32) (uint32, bool) {
			h.next++
			h.bound[h.next] = port
			return h.next, true
		},
		Unbind: func(port uint32) { delete(h.bound, port) },
		Notify: func(port uint32) { h.told[h.bound[port]]++ },
		Volume: func(name []byte) (Volume, *Disk, bool) {
			return Volume{First: 100, Sectors: 1000}, h.driver(), string(name) == "root"
		},
		Report: func(what string, path []byte) { h.reports = append(h.reports, what+": "+string(path)) },
	}
}

// guest is the front end's kernel.
func (h *house) guest() *front.Platform {
	return &front.Platform{
		Page:   func() *pvio.SharedRing { return (*pvio.SharedRing)(unsafe.Pointer(new(pageOf))) },
		Buffer: func() *pageOf { return new(pageOf) },
		Grant: func(_ uint16, page *pageOf) (uint32, bool) {
			h.next++
			h.pages[h.next] = page
			return h.next, true
		},
		Port: func(uint16) (uint32, bool) { h.next++; return h.next, true },
		Read: h.read(2), Write: h.write(2), Watch: h.watch(2),
	}
}

// begin is a new instance of the back end's domain.
func (h *house) begin() {
	h.watches = slices.DeleteFunc(h.watches, func(w watch) bool { return w.domain == 1 })
	h.back = &Devices{Platform: h.platform()}
	h.back.Bridge.On[0] = true
	h.back.Bridge.Send = func(port int, f *Frame) {
		if port == 0 {
			h.outside = append(h.outside, string(f.Bytes()))
			return
		}
		h.back.Output(port, f)
	}
	h.back.Start()
}

// plug is what a toolstack does for a device (libxl__device_generic_add).
func (h *house) plug(kind, number string, extra map[string]string) {
	f, b := "/local/domain/2/device/"+kind+"/"+number, "/local/domain/1/backend/"+kind+"/2/"+number
	h.nodes[f+"/backend"], h.nodes[f+"/backend-id"], h.nodes[f+"/state"] = b, "1", "1"
	h.nodes[f+"/mac"] = "00:16:3e:00:00:02"
	h.nodes[b+"/frontend"], h.nodes[b+"/frontend-id"], h.nodes[b+"/state"], h.nodes[b+"/online"] = f, "2", "1", "1"
	for k, v := range extra {
		h.nodes[b+"/"+k] = v
	}
	h.fire(b)
}

// run lets both kernels follow their events until there are none.
func (h *house) run(disk *front.BlockDevice, net *front.NetDevice) {
	for len(h.events) > 0 {
		w := h.events[0]
		h.events = h.events[1:]
		switch {
		case w.domain == 1:
			h.back.Event([]byte(w.token))
		case w.token == "disk" && !disk.Step(), w.token == "net" && !net.Step():
			h.t.Fatalf("the front end gives up at state %v", w)
		}
	}
	for h.back.Serve(0) || len(h.queue) > 0 {
		for len(h.queue) > 0 {
			f := h.queue[0]
			h.queue = h.queue[1:]
			h.do(&f)
			h.back.Completed(f.Tag, true)
		}
	}
}

// TestDevicesConnect plays the life of a disk and an interface: made by the toolstack,
// connected, used, the back end's domain replaced under them without a trace, closed by
// the front end, and taken away, after which nothing is mapped or bound.
func TestDevicesConnect(t *testing.T) {
	h := newHouse(t)
	h.begin()
	h.plug("vbd", "51712", map[string]string{"params": "root", "mode": "w"})
	h.plug("vif", "0", nil)
	var disk front.BlockDevice
	var net front.NetDevice
	if !disk.Find(h.guest(), []byte("device/vbd/51712"), []byte("disk")) || !net.Find(h.guest(), []byte("device/vif/0"), []byte("net")) {
		t.Fatal("the front ends do not find their devices")
	}
	h.run(&disk, &net)
	both := func(kind, number string) string {
		return h.nodes["/local/domain/1/backend/"+kind+"/2/"+number+"/state"] + h.nodes["/local/domain/2/device/"+kind+"/"+number+"/state"]
	}
	if both("vbd", "51712") != "44" || both("vif", "0") != "44" || h.nodes["/local/domain/1/backend/vif/2/0/hotplug-status"] != "connected" {
		t.Fatalf("states %s, %s; %v", both("vbd", "51712"), both("vif", "0"), h.reports)
	}
	if disk.Sectors != 1000 || !disk.Flush || !disk.Discard || net.Address != [6]byte{0, 0x16, 0x3e, 0, 0, 2} {
		t.Errorf("the front ends see %d sectors, address %x", disk.Sectors, net.Address)
	}
	for round := range 2 {
		b := disk.Reserve()
		copy(disk.Buffers[b].Data[:], fmt.Sprintf("round %d", round))
		if !disk.Ask(b, pvio.BlkWrite, uint64(round), 8) && round == 0 {
			t.Error("the back end is not to be told of the first request")
		}
		p := net.Reserve()
		copy(net.Out[p].Data[6:], net.Address[:])
		net.Out[p].Data[20] = byte(round)
		net.Send(p, 60, false)
		if round == 1 { // with both on their way, the back end's domain is replaced
			h.begin()
			h.handle = map[uint32]uint32{}
			h.bound = map[uint32]uint32{}
			h.rings = map[int]uint32{}
		}
		h.run(&disk, &net)
		disk.Poll()
		if s, status := disk.Outcome(b); s != front.Ended || status != pvio.BlkOkay {
			t.Fatalf("round %d: the write is in state %d, status %d", round, s, status)
		}
		disk.Release(b)
		if got := string(h.disk[(100+round)*512:][:7]); got != fmt.Sprintf("round %d", round) {
			t.Errorf("the disk holds %q", got)
		}
		if len(h.outside) != round+1 || h.outside[round][20] != byte(round) {
			t.Errorf("round %d: %d frames on the wire", round, len(h.outside))
		}
		if both("vbd", "51712") != "44" || both("vif", "0") != "44" {
			t.Errorf("round %d: states %s, %s", round, both("vbd", "51712"), both("vif", "0"))
		}
	}
	if h.told[disk.Port] == 0 || h.told[net.Port] == 0 {
		t.Errorf("the front ends were told %v times", h.told)
	}
	h.set("/local/domain/2/device/vbd/51712/state", "5")
	h.run(&disk, &net)
	h.set("/local/domain/2/device/vbd/51712/state", "6")
	h.run(&disk, &net)
	if both("vbd", "51712") != "66" {
		t.Errorf("after the front end has closed the states are %s", both("vbd", "51712"))
	}
	h.remove("/local/domain/1/backend/vbd/2/51712")
	h.remove("/local/domain/1/backend/vif/2/0")
	h.run(&disk, &net)
	if len(h.rings) != 0 || len(h.bound) != 0 || len(h.handle) != 0 {
		t.Errorf("left behind: rings %v, ports %v, mappings %v", h.rings, h.bound, h.handle)
	}
	if n := slices.IndexFunc(h.watches, func(w watch) bool { return w.domain == 1 && w.token != "backend" }); n >= 0 {
		t.Errorf("left behind: watch %v", h.watches[n])
	}
}

// TestDevicesRefuse: an offer that cannot be used closes the device with a report, and
// leaves nothing behind.
func TestDevicesRefuse(t *testing.T) {
	for what, change := range map[string]func(h *house){
		"no ring":          func(h *house) { delete(h.nodes, "/local/domain/2/device/vbd/1/ring-ref") },
		"a wild ring":      func(h *house) { h.nodes["/local/domain/2/device/vbd/1/ring-ref"] = "99999999999" },
		"another's layout": func(h *house) { h.nodes["/local/domain/2/device/vbd/1/protocol"] = "x86_32-abi" },
		"a large ring":     func(h *house) { h.nodes["/local/domain/2/device/vbd/1/ring-page-order"] = "1" },
		"no port":          func(h *house) { h.nodes["/local/domain/2/device/vbd/1/event-channel"] = "x" },
		"no such volume":   func(h *house) { h.nodes["/local/domain/1/backend/vbd/2/1/params"] = "rot" },
	} {
		h := newHouse(t)
		h.begin()
		h.plug("vbd", "1", map[string]string{"params": "root", "mode": "w"})
		h.run(nil, nil)
		g := h.guest()
		ring := g.Page()
		pvio.InitRing(ring)
		ref, _ := g.Grant(1, (*pageOf)(unsafe.Pointer(ring)))
		at := "/local/domain/2/device/vbd/1/"
		h.nodes[at+"ring-ref"], h.nodes[at+"event-channel"], h.nodes[at+"protocol"] = fmt.Sprint(ref), "9", "x86_64-abi"
		change(h)
		h.set(at+"state", "3")
		h.run(nil, nil)
		if got := h.nodes["/local/domain/1/backend/vbd/2/1/state"]; got != "6" || len(h.reports) != 1 {
			t.Errorf("%s: the back end is in state %s; reports %q", what, got, h.reports)
		}
		if len(h.rings) != 0 || len(h.bound) != 0 {
			t.Errorf("%s: left behind: rings %v, ports %v", what, h.rings, h.bound)
		}
	}
}
