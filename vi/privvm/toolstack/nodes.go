package main

import "resvirt/vi/pvio"

// A VM's nodes in XenStore, as libxl has them (xenstore-paths.pandoc).

// enterStore writes them in one transaction, and makes the domain known to the server.
func (v *vm) enterStore() string {
	for {
		if !xs.Begin() {
			return "XenStore begins no transaction"
		}
		ok := v.writeNodes()
		if !ok {
			noteRefused()
		}
		again, done := xs.End(ok)
		if done && ok {
			break
		}
		if !again {
			return "XenStore does not take its nodes"
		}
	}
	if !xs.Introduce(v.id, v.storeFrame, v.storePort) {
		noteRefused()
		return "XenStore does not take it up"
	}
	return ""
}

// Who may use a node: the VM reads it, or writes it, or shares it with another domain.
func (v *vm) reads() []byte {
	return perms.Reset("n0").Zero().Text("r").Number(uint64(v.id)).Zero().Bytes()
}
func (v *vm) writes() []byte { return perms.Reset("n").Number(uint64(v.id)).Zero().Bytes() }

var perms pvio.Path

func (v *vm) writeNodes() bool {
	id := uint64(v.id)
	own := path.Reset("/local/domain/").Number(id).Bytes()
	xs.Rm(own) // of a domain that had this number
	ok := xs.Mkdir(own) && xs.SetPerms(own, v.reads())
	for _, n := range [...]struct{ name, value string }{
		{"control", ""}, {"device", ""}, {"memory", ""}, {"store", ""}, {"console", ""}, {"cpu", ""},
		{"control/platform-feature-multiprocessor-suspend", "1"}, {"control/platform-feature-xs_reset_watches", "1"},
		{"console/type", "xenconsoled"}, {"console/output", "pty"},
	} {
		ok = ok && v.put(n.name, n.value)
	}
	for _, n := range [...]string{"control/shutdown", "control/feature-poweroff", "control/feature-reboot", "control/feature-suspend", "control/sysrq", "data", "drivers", "feature", "attr", "error"} {
		ok = ok && v.put(n, "") && xs.SetPerms(v.node(n), v.writes())
	}
	for _, n := range [...]struct {
		name  string
		value uint64
	}{
		{"domid", id}, {"memory/static-max", v.config.memory << 10}, {"memory/target", v.config.memory << 10},
		{"store/port", uint64(v.storePort)}, {"store/ring-ref", v.storeFrame},
		{"console/port", uint64(v.consolePort)}, {"console/ring-ref", v.consoleFrame}, {"console/limit", 1 << 20},
	} {
		ok = ok && xs.Write(v.node(n.name), text.Reset("").Number(n.value).Bytes())
	}
	for i := uint64(0); ok && i < v.config.vcpus; i++ {
		v.node("cpu/")
		ok = xs.Write(path.Number(i).Text("/availability").Bytes(), text.Reset("online").Bytes())
	}
	text.Reset("/vm/").Add(v.uuid[:])
	ok = ok && xs.Write(v.node("vm"), text.Bytes()) && xs.Write(v.node("name"), v.Name())
	ok = ok && xs.Write(v.vmNode("name"), v.Name()) && xs.Write(v.vmNode("uuid"), v.uuid[:]) && xs.SetPerms(v.vmNode(""), v.reads())
	return ok && xs.Write(path.Reset("/libxl/").Number(id).Text("/type").Bytes(), text.Reset("pv").Bytes())
}

// put writes a node of the VM.
func (v *vm) put(name, value string) bool {
	return xs.Write(v.node(name), text.Reset(value).Bytes())
}

// leaveStore takes the nodes away. The server sees by itself that the domain is gone.
func (v *vm) leaveStore() {
	xs.Rm(path.Reset("/local/domain/").Number(uint64(v.id)).Bytes())
	xs.Rm(v.vmNode(""))
	xs.Rm(path.Reset("/libxl/").Number(uint64(v.id)).Bytes())
}
