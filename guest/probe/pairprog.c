// SPDX-License-Identifier: GPL-2.0
/*
 * What programs, and the kernel by itself, allocate for one cgroup's map while
 * a process of another cgroup is at work. Sockets are made in the root cgroup:
 * their buffers count for nobody.
 */
#include <arpa/inet.h>
#include <sys/socket.h>
#include "holders.h"
#include "pair.h"
#include "payer.h"
#include "rows.h"

enum { VALUE = 3960, CONNECTIONS = 512 };
static int sender, listener, root, nr_holders;
static struct sockaddr_in address[HOLDERS], at;

/* a socket that is bound, or at least has the address of the other one */
static int bound_socket(int type, struct sockaddr_in *a)
{
	socklen_t len = sizeof(*a);
	int fd = socket(AF_INET, type, 0);

	*a = (struct sockaddr_in){ .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || bind(fd, (void *)a, sizeof(*a)) || getsockname(fd, (void *)a, &len))
		return -errno;
	return fd;
}

int packets_prepare(int n)
{
	int i;

	nr_holders = n;
	put_sysctl("/proc/sys/net/core/optmem_max", 1 << 20, NULL);
	for (i = 0; i < n; i++) {
		holder[i] = bound_socket(SOCK_DGRAM, &address[i]);
		if (holder[i] < 0)
			return holder[i];
	}
	sender = bound_socket(SOCK_DGRAM, &at);
	root = cg_fd("/sys/fs/cgroup");
	return sender < 0 ? sender : root < 0 ? root : 0;
}

static int some_packets(void)
{
	return packets_prepare(fewer(HOLDERS));
}

/* attached as long as its link is open; all sockets here are in the root cgroup */
static int attach_link(struct pair_job *j, uint32_t type, uint32_t attach,
		       const struct bpf_insn *p, size_t n)
{
	union bpf_attr a = { .prog_type = type, .expected_attach_type = attach,
			     .insns = (uint64_t)(unsigned long)p, .insn_cnt = n };

	j->fd[1] = prog_load_attr(&a);
	if (j->fd[1] < 0)
		return j->fd[1];
	j->fd[2] = link_create(j->fd[1], root, attach, 0);
	return j->fd[2] < 0 ? j->fd[2] : 0;
}

/* storage for the socket of each packet */
static int load_storer(struct pair_job *j, uint32_t attach)
{
	int map = map_create_btf(BPF_MAP_TYPE_SK_STORAGE, 4, j->value ?: VALUE, NOPRE);
	struct bpf_insn p[] = {
		/* 0 */ LDX(BPF_DW, 1, 1, offsetof(struct __sk_buff, sk)), JMPI(BPF_JEQ, 1, 0, 8),
		/* 2 */ CALL(BPF_FUNC_sk_fullsock), JMPI(BPF_JEQ, 0, 0, 6),
		/* 4 */ MOV(2, 0), LDMAP(1, map), MOVI(3, 0), MOVI(4, BPF_SK_STORAGE_GET_F_CREATE),
		/* 9 */ CALL(BPF_FUNC_sk_storage_get),
		/* 10 */ MOVI(0, 1), EXIT()
	};

	j->fd[0] = map;
	return map < 0 ? map : attach_link(j, BPF_PROG_TYPE_CGROUP_SKB, attach, p, ARRAY_SIZE(p));
}

int packets_storage(void *arg)
{
	return load_storer(arg, BPF_CGROUP_INET_EGRESS);
}

static int ingress_first(void *arg)
{
	return load_storer(arg, BPF_CGROUP_INET_INGRESS);
}

int packets_stored(struct pair_job *j)
{
	static char value[65536];
	int i, n = 0;

	for (i = 0; i < nr_holders; i++)
		n += !map_lookup(j->fd[0], &holder[i], value);
	return n;
}

static int all_stored(struct pair_job *j)
{
	j->asked = nr_holders * VALUE;
	return packets_stored(j) == nr_holders ? 0 : -ENODATA;
}

int packets_send(void *arg)
{
	int i;

	for (i = 0; i < nr_holders; i++)
		sendto(holder[i], "x", 1, 0, (void *)&at, sizeof(at));
	return 0;
}

static int egress_second(void *arg)
{
	return packets_send(arg) ?: all_stored(arg);
}

static int ingress_second(void *arg)
{
	int i;

	for (i = 0; i < nr_holders; i++)
		sendto(sender, "x", 1, 0, (void *)&address[i], sizeof(address[i]));
	return all_stored(arg);
}

static int tcp_prepare(void)
{
	int i;

	put_sysctl("/proc/sys/net/core/optmem_max", 1 << 20, NULL);
	listener = bound_socket(SOCK_STREAM, &at);
	if (listener < 0 || listen(listener, CONNECTIONS))
		return -errno;
	for (i = 0; i < fewer(CONNECTIONS); i++) {
		holder[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (holder[i] < 0)
			return -errno;
	}
	root = cg_fd("/sys/fs/cgroup");
	return root < 0 ? root : 0;
}

static int connect_all(void)
{
	int i;

	for (i = 0; i < fewer(CONNECTIONS); i++)
		if (connect(holder[i], (void *)&at, sizeof(at)))
			return -errno;
	return 0;
}

static int clone_first(void *arg)
{
	static const char value[VALUE];
	struct pair_job *j = arg;

	j->fd[0] = map_create_btf(BPF_MAP_TYPE_SK_STORAGE, 4, VALUE, NOPRE | BPF_F_CLONE);
	return j->fd[0] < 0 ? j->fd[0] : map_update(j->fd[0], &listener, value);
}

static int clone_second(void *arg)
{
	struct pair_job *j = arg;

	j->asked = fewer(CONNECTIONS) * VALUE;
	return connect_all();
}

enum { KEY = 456, EACH = 16 };

/* a connection, at its active end, goes in under EACH keys */
static int sock_ops_first(void *arg)
{
	struct pair_job *j = arg;
	int map = map_create(BPF_MAP_TYPE_SOCKHASH, KEY, 4, CONNECTIONS * EACH, 0);
	int keys = map_create(BPF_MAP_TYPE_ARRAY, 4, KEY, 1, 0), i, n = 0;
	struct bpf_insn p[5 + EACH * 10 + 2];

#define ADD(...) do { struct bpf_insn x[] = { __VA_ARGS__ }; \
		memcpy(p + n, x, sizeof(x)); n += ARRAY_SIZE(x); } while (0)
	ADD(MOV(6, 1), LDVAL(7, keys, 0), LDX(BPF_W, 1, 6, offsetof(struct bpf_sock_ops, op)),
	    JMPI(BPF_JNE, 1, BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB, EACH * 10));
	for (i = 0; i < EACH; i++)
		ADD(LDX(BPF_W, 1, 7, 0), ADDI(1, 1), STX(BPF_W, 7, 0, 1), MOV(1, 6),
		    LDMAP(2, map), MOV(3, 7), MOVI(4, BPF_ANY), CALL(BPF_FUNC_sock_hash_update),
		    MOVI(0, 0));
	ADD(MOVI(0, 1), EXIT());
	j->fd[0] = map;
	return map < 0 ? map : keys < 0 ? keys :
		attach_link(j, BPF_PROG_TYPE_SOCK_OPS, BPF_CGROUP_SOCK_OPS, p, n);
}

static int sock_ops_second(void *arg)
{
	struct pair_job *j = arg;

	j->asked = fewer(CONNECTIONS) * EACH * KEY;
	return connect_all();
}

/* LSM: storage for the file that this process calls fcntl(2) on */
static int lsm_first(void *arg)
{
	static const char *const inode[] = { "inode", NULL };
	struct pair_job *j = arg;
	const char *member;
	unsigned int off;
	int map = map_create_btf(BPF_MAP_TYPE_INODE_STORAGE, 4, VALUE, NOPRE);
	int control = map_create(BPF_MAP_TYPE_ARRAY, 4, sizeof(struct control), 1, 0);
	int err = vmbtf_ptr_member("file", inode, &off, &member);
	struct bpf_insn p[] = {
		/* 0 */ LDX(BPF_DW, 6, 1, 0), LDVAL(7, control, 0),
		/* 3 */ CALL(BPF_FUNC_get_current_pid_tgid), SHRI(0, 32),
		/* 5 */ LDX(BPF_DW, 1, 7, OFF(pid)), JMP(BPF_JNE, 0, 1, 6),
		/* 7 */ LDX(POINTER, 2, 6, off), LDMAP(1, map), MOVI(3, 0),
		/* 11 */ MOVI(4, BPF_LOCAL_STORAGE_GET_F_CREATE), CALL(BPF_FUNC_inode_storage_get),
		/* 13 */ MOVI(0, 0), EXIT()
	};

	if (map < 0 || control < 0 || err)
		return map < 0 ? map : control < 0 ? control : err;
	j->fd[0] = map;
	j->fd[1] = control;
	j->fd[2] = prog_load_btf(BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "bpf_lsm_file_fcntl", p,
				 ARRAY_SIZE(p));
	if (j->fd[2] < 0)
		return j->fd[2];
	j->fd[3] = raw_tp_open(NULL, j->fd[2]);
	return j->fd[3] < 0 ? j->fd[3] : 0;
}

static int some_files(void)
{
	nr_holders = fewer(HOLDERS);
	return hold_files();
}

static int lsm_second(void *arg)
{
	struct control c = { .pid = getpid() };
	struct pair_job *j = arg;
	int i, err = control_put(j->fd[1], &c, sizeof(c));

	for (i = 0; !err && i < nr_holders; i++)
		err = fcntl(holder[i], F_GETFD) < 0 ? -errno : 0;
	c.pid = 0;
	control_put(j->fd[1], &c, sizeof(c));
	return err ?: all_stored(j);
}

const struct pair pairs_prog[] = {
	{ "sk_storage", "made by a cgroup/skb program for packets that another cgroup sends",
	  .prepare = some_packets, .first = packets_storage, .second = egress_second, .owner = true },
	{ "sk_storage", "made by a cgroup/skb program in softirq for another cgroup's packets",
	  .prepare = some_packets, .first = ingress_first, .second = ingress_second,
	  .owner = true },
	{ "sk_storage", "of a listener, cloned for 512 connections that another cgroup opens",
	  .prepare = tcp_prepare, .first = clone_first, .second = clone_second, .owner = true },
	{ "sockhash", "filled by a sock_ops program as another cgroup connects",
	  .prepare = tcp_prepare, .first = sock_ops_first, .second = sock_ops_second,
	  .owner = true },
	{ "inode_storage", "made by an LSM program for files that another cgroup uses",
	  .prepare = some_files, .first = lsm_first, .second = lsm_second, .owner = true },
	{ 0 }
};
