package abi

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestConstants asks a C compiler what Xen's public headers say (Debian: the
// package libxen-dev; elsewhere the environment variable XEN_INCLUDE names the
// directory that holds xen/xen.h). Without them there is nothing to compare with.
func TestConstants(t *testing.T) {
	dir := os.Getenv("XEN_INCLUDE")
	if dir == "" {
		dir = "/usr/include"
	}
	if _, err := os.Stat(filepath.Join(dir, "xen", "vcpu.h")); err != nil {
		t.Skip("Xen's public headers are not installed (libxen-dev)")
	}
	var src strings.Builder
	src.WriteString("#include <stdint.h>\n#include <stdio.h>\n#define __XEN_INTERFACE_VERSION__ 0x00040e00\n")
	for _, h := range []string{"xen", "vcpu", "sched", "event_channel", "memory", "callback", "version", "features", "physdev", "elfnote", "grant_table"} {
		fmt.Fprintf(&src, "#include <xen/%s.h>\n", h)
	}
	src.WriteString("int main(void) {\n")
	for _, c := range constants {
		fmt.Fprintf(&src, "\tprintf(\"%%llu\\n\", (unsigned long long)(%s));\n", c.c)
	}
	src.WriteString("\treturn 0;\n}\n")
	file, program := filepath.Join(t.TempDir(), "constants.c"), filepath.Join(t.TempDir(), "constants")
	if err := os.WriteFile(file, []byte(src.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cc", "-I"+dir, "-o", program, file).CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	out, err := exec.Command(program).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(out))
	if len(lines) != len(constants) {
		t.Fatalf("%d values, not %d", len(lines), len(constants))
	}
	for i, c := range constants {
		if lines[i] != fmt.Sprint(c.got) {
			t.Errorf("%s: %d, the public header has %s", c.c, c.got, lines[i])
		}
	}
}

var constants = []struct {
	c   string
	got uint64
}{
	{"__HYPERVISOR_set_trap_table", HypercallSetTrapTable},
	{"__HYPERVISOR_mmu_update", HypercallMMUUpdate},
	{"__HYPERVISOR_set_gdt", HypercallSetGDT},
	{"__HYPERVISOR_stack_switch", HypercallStackSwitch},
	{"__HYPERVISOR_set_callbacks", HypercallSetCallbacks},
	{"__HYPERVISOR_fpu_taskswitch", HypercallFPUTaskswitch},
	{"__HYPERVISOR_update_descriptor", HypercallUpdateDescriptor},
	{"__HYPERVISOR_memory_op", HypercallMemoryOp},
	{"__HYPERVISOR_multicall", HypercallMulticall},
	{"__HYPERVISOR_update_va_mapping", HypercallUpdateVAMapping},
	{"__HYPERVISOR_set_timer_op", HypercallSetTimerOp},
	{"__HYPERVISOR_xen_version", HypercallXenVersion},
	{"__HYPERVISOR_console_io", HypercallConsoleIO},
	{"__HYPERVISOR_vm_assist", HypercallVMAssist},
	{"__HYPERVISOR_iret", HypercallIret},
	{"__HYPERVISOR_vcpu_op", HypercallVcpuOp},
	{"__HYPERVISOR_set_segment_base", HypercallSetSegmentBase},
	{"__HYPERVISOR_mmuext_op", HypercallMMUExtOp},
	{"__HYPERVISOR_sched_op", HypercallSchedOp},
	{"__HYPERVISOR_callback_op", HypercallCallbackOp},
	{"__HYPERVISOR_event_channel_op", HypercallEventChannelOp},
	{"__HYPERVISOR_sysctl", HypercallSysctl},
	{"__HYPERVISOR_domctl", HypercallDomctl},
	{"__HYPERVISOR_update_va_mapping_otherdomain", HypercallUpdateVAOther},
	{"__HYPERVISOR_arch_7", HypercallSelfCheck},

	{"__HYPERVISOR_set_debugreg", HypercallSetDebugreg},
	{"__HYPERVISOR_get_debugreg", HypercallGetDebugreg},
	{"__HYPERVISOR_grant_table_op", HypercallGrantTableOp},
	{"__HYPERVISOR_physdev_op", HypercallPhysdevOp},
	{"GNTTABOP_map_grant_ref", GnttabopMapGrantRef},
	{"GNTTABOP_unmap_grant_ref", GnttabopUnmapGrantRef},
	{"GNTTABOP_setup_table", GnttabopSetupTable},
	{"GNTTABOP_copy", GnttabopCopy},
	{"GNTTABOP_query_size", GnttabopQuerySize},
	{"GNTTABOP_unmap_and_replace", GnttabopUnmapAndReplace},
	{"GNTTABOP_set_version", GnttabopSetVersion},
	{"GNTTABOP_get_version", GnttabopGetVersion},
	{"GTF_permit_access", GTFPermitAccess},
	{"GTF_readonly", GTFReadonly},
	{"GTF_reading", GTFReading},
	{"GTF_writing", GTFWriting},
	{"GNTMAP_device_map", GNTMAPDevice},
	{"GNTMAP_host_map", GNTMAPHost},
	{"GNTMAP_readonly", GNTMAPReadonly},
	{"GNTMAP_contains_pte", GNTMAPContainsPTE},
	{"GNTCOPY_source_gref", GNTCOPYSourceGref},
	{"GNTCOPY_dest_gref", GNTCOPYDestGref},
	{"PHYSDEVOP_set_iopl", PhysdevopSetIOPL},
	{"PHYSDEVOP_set_iobitmap", PhysdevopSetIOBitmap},
	{"PHYSDEVOP_irq_status_query", PhysdevopIRQStatusQuery},
	{"PHYSDEVOP_eoi", PhysdevopEOI},
	{"PHYSDEVOP_map_pirq", PhysdevopMapPirq},
	{"PHYSDEVOP_unmap_pirq", PhysdevopUnmapPirq},
	{"PHYSDEVOP_get_free_pirq", PhysdevopGetFreePirq},
	{"PHYSDEVOP_pci_device_add", PhysdevopPCIDeviceAdd},
	{"PHYSDEVOP_pci_device_remove", PhysdevopPCIDeviceRemove},
	{"PHYSDEVOP_prepare_msix", PhysdevopPrepareMSIX},
	{"PHYSDEVOP_release_msix", PhysdevopReleaseMSIX},
	{"XENIRQSTAT_needs_eoi", XenIRQStatNeedsEOI},
	{"XENIRQSTAT_shared", XenIRQStatShared},
	{"MAP_PIRQ_TYPE_MSI", MapPirqMSI},
	{"MAP_PIRQ_TYPE_GSI", MapPirqGSI},
	{"MAP_PIRQ_TYPE_UNKNOWN", MapPirqUnknown},
	{"MAP_PIRQ_TYPE_MSI_SEG", MapPirqMSISeg},
	{"MAP_PIRQ_TYPE_MULTI_MSI", MapPirqMultiMSI},
	{"EVTCHNOP_bind_pirq", EvtchnopBindPirq},
	{"BIND_PIRQ__WILL_SHARE", BindPirqWillShare},
	{"SCHEDOP_watchdog", SchedopWatchdog},
	{"XENMEM_memory_map", XenmemMemoryMap},
	{"XENMEM_exchange", XenmemExchange},
	{"XENMEM_add_to_physmap", XenmemAddToPhysmap},
	{"MMUEXT_FLUSH_CACHE_GLOBAL", MMUExtFlushCacheGlobal},
	{"SCHEDOP_shutdown_code", SchedopShutdownCode},
	{"SCHEDOP_pin_override", SchedopPinOverride},
	{"VCPUOP_send_nmi", VcpuopSendNMI},
	{"VCPUOP_register_vcpu_time_memory_area", VcpuopRegisterTimeArea},
	{"VCPUOP_register_runstate_memory_area", VcpuopRegisterRunstate},
	{"XEN_RUNSTATE_UPDATE", RunstateUpdate},
	{"VMASST_TYPE_writable_pagetables", VMAssistWritablePagetables},
	{"VMASST_TYPE_pae_extended_cr3", VMAssistPAEExtendedCR3},
	{"VMASST_TYPE_runstate_update_flag", VMAssistRunstateUpdateFlag},
	{"XENFEAT_gnttab_map_avail_bits", FeatGnttabMapAvailBits},
	{"XENFEAT_pae_pgdir_above_4gb", FeatPaePgdirAbove4GB},
	{"DOMID_SELF", DomidSelf},
	{"DOMID_IO", DomidIO},
	{"DOMID_XEN", DomidXen},
	{"DOMID_INVALID", DomidInvalid},
	{"CONSOLEIO_write", ConsoleIOWrite},
	{"XENVER_version", XenverVersion},
	{"XENVER_get_features", XenverGetFeatures},
	{"XENFEAT_mmu_pt_update_preserve_ad", FeatMMUPtUpdatePreserveAD},

	{"MMU_NORMAL_PT_UPDATE", MMUNormalPTUpdate},
	{"MMU_MACHPHYS_UPDATE", MMUMachphysUpdate},
	{"MMU_PT_UPDATE_PRESERVE_AD", MMUPTUpdatePreserveAD},
	{"MMUEXT_PIN_L1_TABLE", MMUExtPinL1},
	{"MMUEXT_PIN_L4_TABLE", MMUExtPinL4},
	{"MMUEXT_UNPIN_TABLE", MMUExtUnpin},
	{"MMUEXT_NEW_BASEPTR", MMUExtNewBaseptr},
	{"MMUEXT_TLB_FLUSH_LOCAL", MMUExtTLBFlushLocal},
	{"MMUEXT_INVLPG_LOCAL", MMUExtInvlpgLocal},
	{"MMUEXT_TLB_FLUSH_MULTI", MMUExtTLBFlushMulti},
	{"MMUEXT_INVLPG_MULTI", MMUExtInvlpgMulti},
	{"MMUEXT_TLB_FLUSH_ALL", MMUExtTLBFlushAll},
	{"MMUEXT_INVLPG_ALL", MMUExtInvlpgAll},
	{"MMUEXT_SET_LDT", MMUExtSetLDT},
	{"MMUEXT_NEW_USER_BASEPTR", MMUExtNewUserBaseptr},
	{"MMUEXT_CLEAR_PAGE", MMUExtClearPage},
	{"MMUEXT_COPY_PAGE", MMUExtCopyPage},
	{"UVMF_TLB_FLUSH", UVMFTLBFlush},
	{"UVMF_INVLPG", UVMFInvlpg},
	{"UVMF_FLUSHTYPE_MASK", UVMFTypeMask},
	{"UVMF_ALL", UVMFAll},
	{"XENMEM_increase_reservation", XenmemIncreaseReservation},
	{"XENMEM_decrease_reservation", XenmemDecreaseReservation},
	{"XENMEM_current_reservation", XenmemCurrentReservation},
	{"XENMEM_maximum_reservation", XenmemMaximumReservation},
	{"XENMEM_populate_physmap", XenmemPopulatePhysmap},
	{"XENMEM_machphys_mapping", XenmemMachphysMapping},
	{"MACH2PHYS_VIRT_START", M2PVirtStart},
	{"HYPERVISOR_VIRT_END", HypervisorVirtEnd},

	{"SCHEDOP_yield", SchedopYield},
	{"SCHEDOP_block", SchedopBlock},
	{"SCHEDOP_shutdown", SchedopShutdown},
	{"SCHEDOP_poll", SchedopPoll},
	{"SHUTDOWN_poweroff", ShutdownPoweroff},
	{"SHUTDOWN_crash", ShutdownCrash},
	{"VCPUOP_initialise", VcpuopInitialise},
	{"VCPUOP_up", VcpuopUp},
	{"VCPUOP_is_up", VcpuopIsUp},
	{"VCPUOP_get_runstate_info", VcpuopGetRunstateInfo},
	{"VCPUOP_stop_periodic_timer", VcpuopStopPeriodicTimer},
	{"VCPUOP_set_singleshot_timer", VcpuopSetSingleshotTimer},
	{"VCPUOP_stop_singleshot_timer", VcpuopStopSingleshotTimer},
	{"VCPUOP_register_vcpu_info", VcpuopRegisterVcpuInfo},
	{"VCPU_SSHOTTMR_future", SingleshotFuture},
	{"RUNSTATE_blocked", RunstateBlocked},

	{"EVTCHNOP_bind_interdomain", EvtchnopBindInterdomain},
	{"EVTCHNOP_bind_virq", EvtchnopBindVirq},
	{"EVTCHNOP_close", EvtchnopClose},
	{"EVTCHNOP_send", EvtchnopSend},
	{"EVTCHNOP_status", EvtchnopStatus},
	{"EVTCHNOP_alloc_unbound", EvtchnopAllocUnbound},
	{"EVTCHNOP_bind_ipi", EvtchnopBindIPI},
	{"EVTCHNOP_bind_vcpu", EvtchnopBindVcpu},
	{"EVTCHNOP_unmask", EvtchnopUnmask},
	{"EVTCHNOP_reset", EvtchnopReset},
	{"EVTCHNOP_init_control", EvtchnopInitControl},
	{"EVTCHNOP_expand_array", EvtchnopExpandArray},
	{"EVTCHNOP_set_priority", EvtchnopSetPriority},
	{"1u << EVTCHN_FIFO_PENDING", EvtchnFIFOPending},
	{"1u << EVTCHN_FIFO_MASKED", EvtchnFIFOMasked},
	{"1u << EVTCHN_FIFO_LINKED", EvtchnFIFOLinked},
	{"1u << EVTCHN_FIFO_BUSY", EvtchnFIFOBusy},
	{"EVTCHN_FIFO_LINK_BITS", EvtchnFIFOLinkBits},
	{"EVTCHN_FIFO_LINK_MASK", EvtchnFIFOLinkMask},
	{"EVTCHN_FIFO_NR_CHANNELS", EvtchnFIFONrChannels},
	{"EVTCHN_FIFO_PRIORITY_MAX", EvtchnFIFOPriorityMax},
	{"EVTCHN_FIFO_PRIORITY_DEFAULT", EvtchnFIFOPriorityDefault},
	{"EVTCHN_FIFO_PRIORITY_MIN", EvtchnFIFOPriorityMin},
	{"EVTCHN_FIFO_MAX_QUEUES", EvtchnFIFOMaxQueues},
	{"EVTCHNSTAT_interdomain", EvtchnstatInterdomain},
	{"EVTCHNSTAT_virq", EvtchnstatVirq},
	{"EVTCHNSTAT_ipi", EvtchnstatIPI},
	{"VIRQ_TIMER", VirqTimer},
	{"VIRQ_DOM_EXC", VirqDomExc},
	{"NR_VIRQS", NumVirqs},

	{"CALLBACKOP_register", CallbackOpRegister},
	{"CALLBACKTYPE_event", CallbackTypeEvent},
	{"CALLBACKTYPE_failsafe", CallbackTypeFailsafe},
	{"CALLBACKTYPE_syscall", CallbackTypeSyscall},
	{"CALLBACKF_mask_events", CallbackMaskEvents},
	{"SEGBASE_FS", SegbaseFS},
	{"SEGBASE_GS_USER", SegbaseGSUser},
	{"SEGBASE_GS_KERNEL", SegbaseGSKernel},
	{"VGCF_in_syscall", VGCFInSyscall},
	{"VGCF_in_kernel", VGCFInKernel},
	{"FLAT_RING3_CS64", FlatRing3CS64},
	{"FLAT_RING3_SS64", FlatRing3SS64},
	{"FLAT_KERNEL_CS", FlatKernelCS},
	{"FIRST_RESERVED_GDT_ENTRY", FirstReservedGDTEntry},
	{"SIF_PRIVILEGED", SIFPrivileged},
	{"MAX_GUEST_CMDLINE", MaxGuestCmdline},
	{"XEN_ELFNOTE_ENTRY", NoteEntry},
	{"XEN_ELFNOTE_HYPERCALL_PAGE", NoteHypercall},
	{"XEN_ELFNOTE_VIRT_BASE", NoteVirtBase},
	{"XEN_ELFNOTE_INIT_P2M", NoteInitP2M},
	{"XEN_ELFNOTE_MOD_START_PFN", NoteModStartPFN},
	{"XEN_ELFNOTE_PHYS32_ENTRY", NotePhys32Entry},
	{"sizeof(struct xen_machphys_mapping)", 24},
	{"sizeof(struct start_info)", 1168},
	{"sizeof(struct shared_info)", 3136},
	{"sizeof(struct vcpu_guest_context)", 5168},
}
