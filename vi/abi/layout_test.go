package abi

import (
	"testing"
	"unsafe"
)

// TestLayout compares sizes and offsets with those a C compiler gives for the
// public headers of Xen 4.17 (sizeof and offsetof, x86-64).
func TestLayout(t *testing.T) {
	var (
		si  StartInfo
		sh  SharedInfo
		vi  VcpuInfo
		ti  VcpuTimeInfo
		r   CPUUserRegs
		ic  IretContext
		tr  TrapInfo
		gc  VcpuGuestContext
		mx  MMUExtOp
		mc  MulticallEntry
		mr  MemoryReservation
		sp  SchedPoll
		rs  VcpuRunstateInfo
		es  EvtchnStatus
		bi  EvtchnBindInterdomain
		cb  CallbackRegister
		rvi VcpuRegisterVcpuInfo
		dc  Domctl
		dcr DomctlCreateDomain
		di  DomctlDomainInfo
		dv  DomctlVcpuInfo
		da  DomctlAffinity
		ds  DomctlScheduler
		sc  Sysctl
		sr  SysctlConsole
		sph SysctlPhysical
		sdl SysctlDomains
	)
	for _, c := range []struct {
		name      string
		got, want uintptr
	}{
		{"xen_domctl", unsafe.Sizeof(dc), 144},
		{"xen_domctl.u", unsafe.Offsetof(dc.U), 16},
		{"xen_domctl_createdomain", unsafe.Sizeof(dcr), 64},
		{"xen_domctl_createdomain.max_vcpus", unsafe.Offsetof(dcr.MaxVcpus), 28},
		{"xen_domctl_getdomaininfo", unsafe.Sizeof(di), 112},
		{"xen_domctl_getdomaininfo.shared_info_frame", unsafe.Offsetof(di.SharedInfoFrame), 48},
		{"xen_domctl_getdomaininfo.cpupool", unsafe.Offsetof(di.CPUPool), 92},
		{"xen_domctl_getvcpuinfo", unsafe.Sizeof(dv), 24},
		{"xen_domctl_vcpuaffinity", unsafe.Sizeof(da), 40},
		{"xen_domctl_scheduler_op", unsafe.Sizeof(ds), 24},
		{"xen_sysctl", unsafe.Sizeof(sc), 136},
		{"xen_sysctl_readconsole", unsafe.Sizeof(sr), 24},
		{"xen_sysctl_physinfo", unsafe.Sizeof(sph), 112},
		{"xen_sysctl_physinfo.total_pages", unsafe.Offsetof(sph.TotalPages), 40},
		{"xen_sysctl_getdomaininfolist", unsafe.Sizeof(sdl), 24},
		{"start_info", unsafe.Sizeof(si), 1168},
		{"start_info.nr_pages", unsafe.Offsetof(si.NrPages), 32},
		{"start_info.shared_info", unsafe.Offsetof(si.SharedInfo), 40},
		{"start_info.flags", unsafe.Offsetof(si.Flags), 48},
		{"start_info.store_mfn", unsafe.Offsetof(si.StoreMFN), 56},
		{"start_info.store_evtchn", unsafe.Offsetof(si.StoreEvtchn), 64},
		{"start_info.console.mfn", unsafe.Offsetof(si.ConsoleMFN), 72},
		{"start_info.console.evtchn", unsafe.Offsetof(si.ConsoleEvtchn), 80},
		{"start_info.pt_base", unsafe.Offsetof(si.PTBase), 88},
		{"start_info.nr_pt_frames", unsafe.Offsetof(si.NrPTFrames), 96},
		{"start_info.mfn_list", unsafe.Offsetof(si.MFNList), 104},
		{"start_info.mod_start", unsafe.Offsetof(si.ModStart), 112},
		{"start_info.mod_len", unsafe.Offsetof(si.ModLen), 120},
		{"start_info.cmd_line", unsafe.Offsetof(si.CmdLine), 128},
		{"start_info.first_p2m_pfn", unsafe.Offsetof(si.FirstP2MPFN), 1152},
		{"start_info.nr_p2m_frames", unsafe.Offsetof(si.NrP2MFrames), 1160},
		{"shared_info", unsafe.Sizeof(sh), 3136},
		{"shared_info.evtchn_pending", unsafe.Offsetof(sh.EvtchnPending), 2048},
		{"shared_info.evtchn_mask", unsafe.Offsetof(sh.EvtchnMask), 2560},
		{"shared_info.wc_version", unsafe.Offsetof(sh.WCVersion), 3072},
		{"shared_info.wc_sec_hi", unsafe.Offsetof(sh.WCSecHi), 3084},
		{"shared_info.arch", unsafe.Offsetof(sh.Arch), 3088},
		{"arch_shared_info.p2m_generation", unsafe.Offsetof(sh.Arch.P2MGeneration), 40},
		{"vcpu_info", unsafe.Sizeof(vi), 64},
		{"vcpu_info.evtchn_upcall_mask", unsafe.Offsetof(vi.EvtchnUpcallMask), 1},
		{"vcpu_info.evtchn_pending_sel", unsafe.Offsetof(vi.EvtchnPendingSel), 8},
		{"vcpu_info.arch", unsafe.Offsetof(vi.Arch), 16},
		{"vcpu_info.time", unsafe.Offsetof(vi.Time), 32},
		{"vcpu_time_info", unsafe.Sizeof(ti), 32},
		{"vcpu_time_info.tsc_timestamp", unsafe.Offsetof(ti.TSCTimestamp), 8},
		{"vcpu_time_info.system_time", unsafe.Offsetof(ti.SystemTime), 16},
		{"vcpu_time_info.tsc_to_system_mul", unsafe.Offsetof(ti.TSCToSystemMul), 24},
		{"vcpu_time_info.tsc_shift", unsafe.Offsetof(ti.TSCShift), 28},
		{"vcpu_time_info.flags", unsafe.Offsetof(ti.Flags), 29},
		{"cpu_user_regs", unsafe.Sizeof(r), 200},
		{"cpu_user_regs.rbp", unsafe.Offsetof(r.RBP), 32},
		{"cpu_user_regs.r11", unsafe.Offsetof(r.R11), 48},
		{"cpu_user_regs.rax", unsafe.Offsetof(r.RAX), 80},
		{"cpu_user_regs.rcx", unsafe.Offsetof(r.RCX), 88},
		{"cpu_user_regs.rdi", unsafe.Offsetof(r.RDI), 112},
		{"cpu_user_regs.error_code", unsafe.Offsetof(r.ErrorCode), 120},
		{"cpu_user_regs.entry_vector", unsafe.Offsetof(r.EntryVector), 124},
		{"cpu_user_regs.rip", unsafe.Offsetof(r.RIP), 128},
		{"cpu_user_regs.cs", unsafe.Offsetof(r.CS), 136},
		{"cpu_user_regs.saved_upcall_mask", unsafe.Offsetof(r.SavedUpcallMask), 140},
		{"cpu_user_regs.rflags", unsafe.Offsetof(r.RFLAGS), 144},
		{"cpu_user_regs.rsp", unsafe.Offsetof(r.RSP), 152},
		{"cpu_user_regs.ss", unsafe.Offsetof(r.SS), 160},
		{"cpu_user_regs.es", unsafe.Offsetof(r.ES), 168},
		{"cpu_user_regs.ds", unsafe.Offsetof(r.DS), 176},
		{"cpu_user_regs.fs", unsafe.Offsetof(r.FS), 184},
		{"cpu_user_regs.gs", unsafe.Offsetof(r.GS), 192},
		{"iret_context", unsafe.Sizeof(ic), 72},
		{"iret_context.flags", unsafe.Offsetof(ic.Flags), 24},
		{"iret_context.rip", unsafe.Offsetof(ic.RIP), 32},
		{"iret_context.ss", unsafe.Offsetof(ic.SS), 64},
		{"trap_info", unsafe.Sizeof(tr), 16},
		{"trap_info.cs", unsafe.Offsetof(tr.CS), 2},
		{"trap_info.address", unsafe.Offsetof(tr.Address), 8},
		{"vcpu_guest_context", unsafe.Sizeof(gc), 5168},
		{"vcpu_guest_context.flags", unsafe.Offsetof(gc.Flags), 512},
		{"vcpu_guest_context.user_regs", unsafe.Offsetof(gc.Regs), 520},
		{"vcpu_guest_context.trap_ctxt", unsafe.Offsetof(gc.Traps), 720},
		{"vcpu_guest_context.ldt_base", unsafe.Offsetof(gc.LDTBase), 4816},
		{"vcpu_guest_context.gdt_frames", unsafe.Offsetof(gc.GDTFrames), 4832},
		{"vcpu_guest_context.gdt_ents", unsafe.Offsetof(gc.GDTEnts), 4960},
		{"vcpu_guest_context.kernel_ss", unsafe.Offsetof(gc.KernelSS), 4968},
		{"vcpu_guest_context.kernel_sp", unsafe.Offsetof(gc.KernelSP), 4976},
		{"vcpu_guest_context.ctrlreg", unsafe.Offsetof(gc.CtrlReg), 4984},
		{"vcpu_guest_context.debugreg", unsafe.Offsetof(gc.DebugReg), 5048},
		{"vcpu_guest_context.event_callback_eip", unsafe.Offsetof(gc.EventCallback), 5112},
		{"vcpu_guest_context.failsafe_callback_eip", unsafe.Offsetof(gc.FailsafeCallback), 5120},
		{"vcpu_guest_context.syscall_callback_eip", unsafe.Offsetof(gc.SyscallCallback), 5128},
		{"vcpu_guest_context.vm_assist", unsafe.Offsetof(gc.VMAssist), 5136},
		{"vcpu_guest_context.fs_base", unsafe.Offsetof(gc.FSBase), 5144},
		{"vcpu_guest_context.gs_base_user", unsafe.Offsetof(gc.GSBaseUser), 5160},
		{"mmu_update", unsafe.Sizeof(MMUUpdate{}), 16},
		{"mmuext_op", unsafe.Sizeof(mx), 24},
		{"mmuext_op.arg1", unsafe.Offsetof(mx.Arg1), 8},
		{"mmuext_op.arg2", unsafe.Offsetof(mx.Arg2), 16},
		{"multicall_entry", unsafe.Sizeof(mc), 64},
		{"multicall_entry.result", unsafe.Offsetof(mc.Result), 8},
		{"multicall_entry.args", unsafe.Offsetof(mc.Args), 16},
		{"xen_memory_reservation", unsafe.Sizeof(mr), 32},
		{"xen_memory_reservation.extent_order", unsafe.Offsetof(mr.ExtentOrder), 16},
		{"xen_memory_reservation.mem_flags", unsafe.Offsetof(mr.MemFlags), 20},
		{"xen_memory_reservation.domid", unsafe.Offsetof(mr.Domid), 24},
		{"sched_poll", unsafe.Sizeof(sp), 24},
		{"sched_poll.nr_ports", unsafe.Offsetof(sp.NrPorts), 8},
		{"sched_poll.timeout", unsafe.Offsetof(sp.Timeout), 16},
		{"sched_shutdown", unsafe.Sizeof(SchedShutdown{}), 4},
		{"vcpu_set_singleshot_timer", unsafe.Sizeof(VcpuSetSingleshotTimer{}), 16},
		{"vcpu_register_vcpu_info", unsafe.Sizeof(rvi), 16},
		{"vcpu_register_vcpu_info.offset", unsafe.Offsetof(rvi.Offset), 8},
		{"vcpu_runstate_info", unsafe.Sizeof(rs), 48},
		{"vcpu_runstate_info.time", unsafe.Offsetof(rs.Time), 16},
		{"evtchn_alloc_unbound", unsafe.Sizeof(EvtchnAllocUnbound{}), 8},
		{"evtchn_bind_interdomain", unsafe.Sizeof(bi), 12},
		{"evtchn_bind_interdomain.local_port", unsafe.Offsetof(bi.LocalPort), 8},
		{"evtchn_bind_virq", unsafe.Sizeof(EvtchnBindVirq{}), 12},
		{"evtchn_bind_ipi", unsafe.Sizeof(EvtchnBindIPI{}), 8},
		{"evtchn_status", unsafe.Sizeof(es), 24},
		{"evtchn_status.vcpu", unsafe.Offsetof(es.Vcpu), 12},
		{"evtchn_status.u", unsafe.Offsetof(es.U), 16},
		{"evtchn_init_control", unsafe.Sizeof(EvtchnInitControl{}), 24},
		{"evtchn_init_control.offset", unsafe.Offsetof(EvtchnInitControl{}.Offset), 8},
		{"evtchn_init_control.vcpu", unsafe.Offsetof(EvtchnInitControl{}.Vcpu), 12},
		{"evtchn_init_control.link_bits", unsafe.Offsetof(EvtchnInitControl{}.LinkBits), 16},
		{"evtchn_expand_array", unsafe.Sizeof(EvtchnExpandArray{}), 8},
		{"evtchn_set_priority", unsafe.Sizeof(EvtchnSetPriority{}), 8},
		{"evtchn_fifo_control_block", unsafe.Sizeof(EvtchnFIFOControlBlock{}), 72},
		{"evtchn_fifo_control_block.head", unsafe.Offsetof(EvtchnFIFOControlBlock{}.Head), 8},
		{"callback_register", unsafe.Sizeof(cb), 16},
		{"callback_register.address", unsafe.Offsetof(cb.Address), 8},
		{"xen_machphys_mapping", unsafe.Sizeof(MachphysMapping{}), 24},
		{"gnttab_map_grant_ref", unsafe.Sizeof(GnttabMapGrantRef{}), 32},
		{"gnttab_map_grant_ref.status", unsafe.Offsetof(GnttabMapGrantRef{}.Status), 18},
		{"gnttab_map_grant_ref.handle", unsafe.Offsetof(GnttabMapGrantRef{}.Handle), 20},
		{"gnttab_unmap_grant_ref", unsafe.Sizeof(GnttabUnmapGrantRef{}), 24},
		{"gnttab_unmap_grant_ref.status", unsafe.Offsetof(GnttabUnmapGrantRef{}.Status), 20},
		{"gnttab_setup_table", unsafe.Sizeof(GnttabSetupTable{}), 24},
		{"gnttab_setup_table.status", unsafe.Offsetof(GnttabSetupTable{}.Status), 8},
		{"gnttab_setup_table.frame_list", unsafe.Offsetof(GnttabSetupTable{}.FrameList), 16},
		{"gnttab_copy", unsafe.Sizeof(GnttabCopy{}), 40},
		{"gnttab_copy.source.domid", unsafe.Offsetof(GnttabCopyPtr{}.Domid), 8},
		{"gnttab_copy.source.offset", unsafe.Offsetof(GnttabCopyPtr{}.Offset), 10},
		{"gnttab_copy.dest", unsafe.Offsetof(GnttabCopy{}.Dest), 16},
		{"gnttab_copy.len", unsafe.Offsetof(GnttabCopy{}.Len), 32},
		{"gnttab_copy.status", unsafe.Offsetof(GnttabCopy{}.Status), 36},
		{"gnttab_query_size", unsafe.Sizeof(GnttabQuerySize{}), 16},
		{"gnttab_query_size.status", unsafe.Offsetof(GnttabQuerySize{}.Status), 12},
		{"gnttab_unmap_and_replace", unsafe.Sizeof(GnttabUnmapAndReplace{}), 24},
		{"gnttab_get_version", unsafe.Sizeof(GnttabVersion{}), 8},
		{"grant_entry_v1", unsafe.Sizeof(GrantEntry{}), 8},
		{"physdev_irq_status_query", unsafe.Sizeof(PhysdevIRQ{}), 8},
		{"physdev_map_pirq", unsafe.Sizeof(PhysdevMapPirq{}), 40},
		{"physdev_map_pirq.pirq", unsafe.Offsetof(PhysdevMapPirq{}.Pirq), 12},
		{"physdev_map_pirq.entry_nr", unsafe.Offsetof(PhysdevMapPirq{}.EntryNr), 24},
		{"physdev_map_pirq.table_base", unsafe.Offsetof(PhysdevMapPirq{}.TableBase), 32},
		{"physdev_unmap_pirq", unsafe.Sizeof(PhysdevUnmapPirq{}), 8},
		{"physdev_get_free_pirq", unsafe.Sizeof(PhysdevGetFreePirq{}), 8},
		{"physdev_pci_device", unsafe.Sizeof(PhysdevPCIDevice{}), 4},
		{"evtchn_bind_pirq", unsafe.Sizeof(EvtchnBindPirq{}), 12},
		{"sched_watchdog", unsafe.Sizeof(SchedWatchdog{}), 8},
		{"xen_domctl_iomem_permission.allow_access", unsafe.Offsetof(DomctlIOMemAccess{}.Allow), 16},
		{"xen_domctl_ioport_permission.allow_access", unsafe.Offsetof(DomctlPortAccess{}.Allow), 8},
		{"xen_domctl_assign_device.u", unsafe.Offsetof(DomctlDevice{}.SBDF), 8},
		{"physdev_set_iobitmap", unsafe.Sizeof(PhysdevSetIOBitmap{}), 16},
		{"xen_memory_map", unsafe.Sizeof(MemoryMap{}), 16},
		{"xen_memory_exchange", unsafe.Sizeof(MemoryExchange{}), 72},
		{"xen_memory_exchange.nr_exchanged", unsafe.Offsetof(MemoryExchange{}.NrExchanged), 64},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, the public header has %d", c.name, c.got, c.want)
		}
	}
}
