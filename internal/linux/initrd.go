package linux

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// modules are the drivers of the machine's devices and the file system of its
// disk, in the order in which they have to be loaded.
var modules = []string{
	"crct10dif_common", "crct10dif_generic", "crc-t10dif", "crc64", "crc64-rocksoft", "crc64_rocksoft_generic", "t10-pi", "nvme-core", "nvme",
	"crc32c_generic", "libcrc32c", "crc16", "mbcache", "jbd2", "ext4",
	"e1000",
}

// initScript is the first process: it loads the drivers and becomes a shell on
// the console. When that ends, so does the machine.
const initScript = `#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for m in $(cat /modules/order); do insmod /modules/$m.ko; done
echo "init: $(nproc) processors, $(uname -sr)"
setsid cttyhack sh
poweroff -f
`

// initrd builds the initial RAM disk out of BusyBox and the kernel's modules,
// which lie in a tree below kernelTree.
func initrd(busybox []byte, kernelTree string) ([]byte, error) {
	found := map[string]string{}
	err := filepath.WalkDir(kernelTree, func(path string, d os.DirEntry, err error) error {
		if name, ok := strings.CutSuffix(filepath.Base(path), ".ko"); ok && err == nil {
			found[name] = path
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	a := &archive{}
	for _, dir := range []string{"bin", "sbin", "dev", "proc", "sys", "mnt", "tmp", "modules"} {
		a.add(dir, modeDir|0o755, nil)
	}
	a.device("dev/console", modeDevice|0o600, 5, 1, nil)
	a.add("bin/busybox", modeFile|0o755, busybox)
	for _, name := range applets {
		a.add("bin/"+name, modeLink|0o777, []byte("busybox"))
	}
	var order []string
	for _, name := range modules {
		path, ok := found[name]
		if !ok {
			continue // built in, or of another version
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		a.add("modules/"+name+".ko", modeFile|0o644, data)
		order = append(order, name)
	}
	if len(order) == 0 {
		return nil, fmt.Errorf("linux: no kernel modules below %s", kernelTree)
	}
	a.add("modules/order", modeFile|0o644, []byte(strings.Join(order, "\n")+"\n"))
	a.add("init", modeFile|0o755, []byte(initScript))
	return a.end(), nil
}

// applets are the commands of BusyBox that the shell finds by name.
var applets = strings.Fields(`sh mount umount insmod lsmod cat echo ls cp mv rm mkdir ps top dmesg uname nproc free df sleep
	ip ifconfig ping wget nc setsid cttyhack poweroff reboot halt sync dd md5sum sha256sum grep sed awk vi less head tail wc date time uptime`)
