package main

import (
	"strings"
	"testing"
)

const whole = `# a VM with everything
name = "web"   # its name
kernel = '/appvm'
ramdisk = "/unixbench"
extra = "workload=unixbench length=1"
memory = 16
vcpus = 2
cpus = "1"
disk = [ 'root,xvda,w,backend=dvm',
         'data,xvdb,r' ]
vif = ['mac=00:16:3e:00:00:01,bridge=xenbr0,backend=dvm', ]
pci = [ '00:04.0', "0000:00:1f.7" ]
driver_domain = 1
on_poweroff = "preserve"
on_reboot = 'destroy'
on_crash = "restart"
`

// TestConfig: a configuration is read as xl.cfg(5) has it.
func TestConfig(t *testing.T) {
	var c config
	if why, line := c.parse([]byte(whole)); why != "" {
		t.Fatalf("line %d: %s", line, why)
	}
	for _, x := range []struct{ what, got, want string }{
		{"name", string(c.name), "web"}, {"kernel", string(c.kernel), "/appvm"}, {"ramdisk", string(c.ramdisk), "/unixbench"},
		{"extra", string(c.extra), "workload=unixbench length=1"},
		{"a disk's volume", string(c.disks[0].volume), "root"}, {"its device", string(c.disks[0].dev), "xvda"}, {"its back end", string(c.disks[0].backend), "dvm"},
		{"another's", string(c.disks[1].backend), ""},
		{"an interface's address", string(c.vifs[0].mac), "00:16:3e:00:00:01"}, {"its bridge", string(c.vifs[0].bridge), "xenbr0"}, {"its back end", string(c.vifs[0].backend), "dvm"},
	} {
		if x.got != x.want {
			t.Errorf("%s is %q, not %q", x.what, x.got, x.want)
		}
	}
	if c.memory != 16 || c.vcpus != 2 || c.cpu != 2 || !c.driver || c.ndisks != 2 || c.nvifs != 1 || c.npci != 2 {
		t.Errorf("%+v", c)
	}
	if !c.disks[0].write || c.disks[1].write || c.pci != [maxPCI]uint32{4 << 3, 0x1f<<3 | 7} || c.on != [4]uint8{onPreserve, onDestroy, onDestroy, onRestart} {
		t.Errorf("%+v", c)
	}
	if n, ok := c.disks[1].number(); !ok || n != 51728 {
		t.Errorf("xvdb is %d", n)
	}
}

// TestConfigRefused: what is wrong is said, with its line.
func TestConfigRefused(t *testing.T) {
	const good = "name='a'\nkernel='/k'\n"
	for _, x := range []struct {
		text string
		line int64
		why  string
	}{
		{"", 1, "name and kernel"},
		{"name='a'\n", 2, "name and kernel"},
		{good + "memory = many", 3, "quotes"},
		{good + "memory = 0", 3, "memory"},
		{good + "memory = 18446744073709551615", 3, "memory"},
		{good + "vcpus = 0", 3, "vcpus"},
		{good + "memory = 99999999999999999999", 3, "number"},
		{good + "memory", 3, "name and ="},
		{good + "= 5", 3, "name and ="},
		{good + "colour = 'red'", 3, "no such name"},
		{good + "disk = 'root,xvda,w'", 3, "lists"},
		{good + "name = ['a']", 3, "only disk"},
		{good + "disk = ['root,xvda,x']", 3, "volume,device,mode"},
		{good + "disk = ['root,sda,w']", 3, "volume,device,mode"},
		{good + "disk = ['root,xvda,w,speed=9']", 3, "volume,device,mode"},
		{good + "vif = ['mac=1']", 3, "mac="},
		{good + "pci = ['00:20.0']", 3, "00:04.0"},
		{good + "pci = ['00:04.8']", 3, "00:04.0"},
		{good + "disk = ['a,xvda,w' 'b,xvdb,w']", 3, "commas"},
		{good + "disk = ['a,xvda,w'\n,\n'b", 5, "does not end"},
		{good + "pci = ['00:01.0','00:02.0','00:03.0','00:04.0','00:05.0']", 3, "too long"},
		{good + "on_crash = 'explode'", 3, "action"},
	} {
		var c config
		if why, line := c.parse([]byte(x.text)); !strings.Contains(why, x.why) || line != x.line {
			t.Errorf("%q: line %d: %q, not line %d: %q", x.text, line, why, x.line, x.why)
		}
	}
}

// FuzzConfig: nothing that stands in a file makes the parser fail in another way than by
// saying so.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("disk = ["))
	f.Add([]byte("a='"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var c config
		if why, _ := c.parse(text); why == "" && (len(c.name) == 0 || len(c.kernel) == 0) {
			t.Errorf("%q is taken for a configuration", text)
		}
	})
}
