// SPDX-License-Identifier: GPL-2.0
/*
 * A classifier that counts packets and bytes by protocol, as people write them
 * for libbpf 1.x: maps by BTF, one of them with elements allocated when needed.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} bytes SEC(".maps");

SEC("tc")
int count(struct __sk_buff *skb)
{
	__u32 protocol = __builtin_bswap16(skb->protocol), zero = 0;
	__u64 one = 1, *n;

	n = bpf_map_lookup_elem(&packets, &protocol);
	if (n)
		__sync_fetch_and_add(n, 1);
	else
		bpf_map_update_elem(&packets, &protocol, &one, BPF_NOEXIST);
	n = bpf_map_lookup_elem(&bytes, &zero);
	if (n)
		*n += skb->len;
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
