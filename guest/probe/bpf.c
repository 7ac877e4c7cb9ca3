// SPDX-License-Identifier: GPL-2.0
/* bpf(2) without a library: the probe also runs where libbpf does not fit. */
#include <linux/btf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include "probe.h"

/*
 * Only as much of the union as the command knows: a kernel older than the
 * headers takes the longer one as well, as long as the rest is zero.
 */
int sys_bpf(int cmd, union bpf_attr *attr, size_t size)
{
	long r = syscall(SYS_bpf, cmd, attr, size);

	return r < 0 ? -errno : (int)r;
}

static uint64_t ptr(const void *p)
{
	return (uint64_t)(unsigned long)p;
}

int map_create_inner(uint32_t type, uint32_t key, uint32_t entries,
		     uint32_t flags, int inner)
{
	union bpf_attr a = { .map_type = type, .key_size = key, .value_size = 4,
			     .max_entries = entries, .map_flags = flags,
			     .inner_map_fd = inner };

	return sys_bpf(BPF_MAP_CREATE, &a, sizeof(a));
}

int map_create(uint32_t type, uint32_t key, uint32_t value, uint32_t entries,
	       uint32_t flags)
{
	union bpf_attr a = { .map_type = type, .key_size = key, .value_size = value,
			     .max_entries = entries, .map_flags = flags };

	return sys_bpf(BPF_MAP_CREATE, &a, sizeof(a));
}

/* on a device that maps can be offloaded to */
int map_create_on(int ifindex, uint32_t type, uint32_t key, uint32_t value, uint32_t entries)
{
	union bpf_attr a = { .map_type = type, .key_size = key, .value_size = value,
			     .max_entries = entries, .map_ifindex = ifindex };

	return sys_bpf(BPF_MAP_CREATE, &a, sizeof(a));
}

/* the storage maps insist on BTF for their key and value */
int map_create_btf(uint32_t type, uint32_t key, uint32_t value, uint32_t flags)
{
	union bpf_attr a = { .map_type = type, .key_size = key, .value_size = value,
			     .map_flags = flags, .btf_key_type_id = BTF_INT,
			     .btf_value_type_id = BTF_VALUE };
	int btf = btf_load(value), fd;

	if (btf < 0)
		return btf;
	a.btf_fd = btf;
	fd = sys_bpf(BPF_MAP_CREATE, &a, sizeof(a));
	close(btf);
	return fd;
}

static int map_elem(int cmd, int fd, const void *key, const void *value)
{
	union bpf_attr a = { .map_fd = fd, .key = ptr(key), .value = ptr(value) };

	return sys_bpf(cmd, &a, sizeof(a));
}

int small_maps(int *fds, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		fds[i] = map_create(BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0);
		if (fds[i] < 0)
			return fds[i];
	}
	return 0;
}

int map_update(int fd, const void *key, const void *value)
{
	return map_elem(BPF_MAP_UPDATE_ELEM, fd, key, value);
}

int map_lookup(int fd, const void *key, void *value)
{
	return map_elem(BPF_MAP_LOOKUP_ELEM, fd, key, value);
}

int map_delete(int fd, const void *key)
{
	return map_elem(BPF_MAP_DELETE_ELEM, fd, key, NULL);
}

/* n elements, by one call */
int map_update_batch(int fd, const void *keys, const void *values, uint32_t n)
{
	union bpf_attr a = { .batch = { .keys = ptr(keys), .values = ptr(values),
					.count = n, .map_fd = fd } };
	int err = sys_bpf(BPF_MAP_UPDATE_BATCH, &a, sizeof(a));

	return err ?: a.batch.count == n ? 0 : -EIO;
}

/* loads what attr says; on failure once more with the verifier's log, to stderr */
int prog_load_attr(union bpf_attr *attr)
{
	static char log[1 << 16];
	int fd;

	attr->license = ptr("GPL");
	fd = sys_bpf(BPF_PROG_LOAD, attr, sizeof(*attr));
	if (fd >= 0 || fd == -ENOMEM)
		return fd;
	attr->log_buf = ptr(log);
	attr->log_size = sizeof(log);
	attr->log_level = 1;
	log[0] = 0;
	sys_bpf(BPF_PROG_LOAD, attr, sizeof(*attr));
	fprintf(stderr, "probe: program of type %u: %s\n%.2000s\n",
		attr->prog_type, strerror(-fd), log);
	return fd;
}

int prog_load(uint32_t type, const struct bpf_insn *insns, size_t n)
{
	union bpf_attr a = { .prog_type = type, .insns = ptr(insns), .insn_cnt = n };

	return prog_load_attr(&a);
}

int prog_attach(int prog, int target, uint32_t type, uint32_t flags)
{
	union bpf_attr a = { .target_fd = target, .attach_bpf_fd = prog,
			     .attach_type = type, .attach_flags = flags };

	return sys_bpf(BPF_PROG_ATTACH, &a, sizeof(a));
}

int prog_detach(int prog, int target, uint32_t type)
{
	union bpf_attr a = { .target_fd = target, .attach_bpf_fd = prog, .attach_type = type };

	return sys_bpf(BPF_PROG_DETACH, &a, sizeof(a));
}

int link_create(int prog, int target, uint32_t type, uint32_t flags)
{
	union bpf_attr a = { .link_create = { .prog_fd = prog, .target_fd = target,
					      .attach_type = type, .flags = flags } };

	return sys_bpf(BPF_LINK_CREATE, &a, sizeof(a));
}

/* the link stays, with nothing that it is attached to */
int link_detach(int link)
{
	union bpf_attr a = { .link_detach.link_fd = link };

	return sys_bpf(BPF_LINK_DETACH, &a, sizeof(a));
}

/* map < 0: the target is not a map's elements */
int link_iter(int prog, int map)
{
	union bpf_iter_link_info info = { .map.map_fd = map };
	union bpf_attr a = { .link_create = { .prog_fd = prog, .attach_type = BPF_TRACE_ITER } };

	if (map >= 0) {
		a.link_create.iter_info = ptr(&info);
		a.link_create.iter_info_len = sizeof(info.map);
	}
	return sys_bpf(BPF_LINK_CREATE, &a, sizeof(a));
}

int link_iter_prog(const char *func, int map)
{
	static const struct bpf_insn p[] = { MOVI(0, 0), EXIT() };
	int prog = prog_load_btf(BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, func, p, ARRAY_SIZE(p));

	return prog < 0 ? prog : link_iter(prog, map);
}

int iter_create(int link)
{
	union bpf_attr a = { .iter_create.link_fd = link };

	return sys_bpf(BPF_ITER_CREATE, &a, sizeof(a));
}

int obj_pin(int fd, const char *path)
{
	union bpf_attr a = { .pathname = ptr(path), .bpf_fd = fd };

	return sys_bpf(BPF_OBJ_PIN, &a, sizeof(a));
}

/* a program that hangs on a function of the kernel; */
int prog_load_btf(uint32_t type, uint32_t attach, const char *func,
		  const struct bpf_insn *insns, size_t n)
{
	int id = vmbtf_find(func, BTF_KIND_FUNC);
	union bpf_attr a = { .prog_type = type, .expected_attach_type = attach,
			     .attach_btf_id = id, .insns = ptr(insns), .insn_cnt = n };

	return id < 0 ? id : prog_load_attr(&a);
}

int prog_run(int prog, void *data, size_t len, uint32_t repeat)
{
	union bpf_attr a = { .test = { .prog_fd = prog, .data_in = ptr(data),
				       .data_size_in = len, .repeat = repeat } };
	int err = sys_bpf(BPF_PROG_TEST_RUN, &a, sizeof(a));

	return err ? err : (int)a.test.retval;
}

int prog_bind_map(int prog, int map)
{
	union bpf_attr a = { .prog_bind_map = { .prog_fd = prog, .map_fd = map } };

	return sys_bpf(BPF_PROG_BIND_MAP, &a, sizeof(a));
}

int raw_tp_open(const char *name, int prog)
{
	/* without a name: where the program was loaded for */
	union bpf_attr a = { .raw_tracepoint = { .name = ptr(name), .prog_fd = prog } };

	return sys_bpf(BPF_RAW_TRACEPOINT_OPEN, &a, sizeof(a));
}

uint32_t fd_id(int fd)
{
	struct bpf_map_info info = { 0 };	/* the id is second in all infos */
	union bpf_attr a = { .info = { .bpf_fd = fd, .info_len = 8,
				       .info = ptr(&info) } };

	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &a, sizeof(a)) ? 0 : info.id;
}

/* bytes of machine code */
uint32_t prog_image(int fd)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr a = { .info = { .bpf_fd = fd, .info_len = sizeof(info),
				       .info = ptr(&info) } };

	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &a, sizeof(a)) ? 0 : info.jited_prog_len;
}

int map_fd_by_id(uint32_t id)
{
	union bpf_attr a = { .map_id = id };

	return sys_bpf(BPF_MAP_GET_FD_BY_ID, &a, sizeof(a));
}

int map_next_id(uint32_t id)
{
	union bpf_attr a = { .start_id = id };
	int err = sys_bpf(BPF_MAP_GET_NEXT_ID, &a, sizeof(a));

	return err ? err : (int)a.next_id;
}

/* attaches prog at the entry of a kernel function; the fd holds it there */
int kprobe_open(const char *func, int prog)
{
	struct perf_event_attr a = { .size = sizeof(a), .sample_period = 1,
				     .wakeup_events = 1 };
	int fd;

	a.type = read_number("/sys/bus/event_source/devices/kprobe/type");
	a.kprobe_func = ptr(func);
	fd = syscall(SYS_perf_event_open, &a, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0) {
		fd = -errno;
		fprintf(stderr, "probe: no kprobe at %s: %s\n", func, strerror(-fd));
		return fd;
	}
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog) ||
	    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0)) {
		int err = -errno;

		fprintf(stderr, "probe: no program at %s: %s\n", func, strerror(-err));
		close(fd);
		return err;
	}
	return fd;
}

int output_event(void)
{
	struct perf_event_attr a = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(a),
				     .config = PERF_COUNT_SW_BPF_OUTPUT,
				     .sample_type = PERF_SAMPLE_RAW };
	int fd = syscall(SYS_perf_event_open, &a, -1, 0, -1, 0);

	return fd < 0 ? -errno : fd;
}
