/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/bench_server.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/clock.h"
#include "base/decimal.h"
#include "cmd/bench_batch.h"
#include "cmd/command.h"
#include "cmd/lab_carrier.h"
#include "cmd/lab_http.h"
#include "cmd/lab_process.h"
#include "store/file.h"

enum { READY_MS = 5000, PAUSE_MS = 5, STOP_MS = 12000, STATUS_FILE = 8192, QUOTE = 4096 };

static struct lab_path part(const struct bench_server *server, const char *name)
{
	return lab_path(&server->world.run, "/bench.%s", name);
}

static void put_role(FILE *out, const struct lab_world *world, const char *name, enum lab_port port)
{
	fprintf(out, "%s {\n\tlisten = {\"127.0.0.1:%u\"}\n", name, world->port[LAB_A][port]);
}

static void put_tls(FILE *out)
{
	fputs("\ttls_certificate = \"a/tls.pem\"\n\ttls_key = \"a/tls.key\"\n", out);
}

static void put_config(FILE *out, const struct bench_server *server, size_t slots)
{
	const struct lab_world *world = &server->world;

	fprintf(out, "name = \"bench\"\nadmin = {\"unix:%s/a.admin\"}\ntrust { roots = {\"sti-root.pem\"} }\n",
		world->run.text);
	fprintf(out, "fetch { ca = \"tls-ca.pem\" permit = {\"localhost:%u\"} }\n", world->port[LAB_A][LAB_PORT_CR]);
	put_role(out, world, "cr", LAB_PORT_CR);
	put_tls(out);
	fprintf(out, "\tcertificate \"%s\" { file = \"a/sti.pem\" }\n}\n", lab_who[LAB_A].name);
	put_role(out, world, "as", LAB_PORT_AS);
	fprintf(out, "\tprefix = \"" BENCH_PREFIX "\"\n\tsigner \"main\" {\n\t\tkey = \"a/sti.key\"\n");
	fprintf(out, "\t\tcertificate = \"a/sti.pem\"\n\t\tx5u = \"%s\"\n\t}\n}\n", lab_x5u(world, LAB_A).text);
	put_role(out, world, "vs", LAB_PORT_VS);
	fputs("\tprefix = \"" BENCH_PREFIX "\"\n}\n", out);
	put_role(out, world, "cps", LAB_PORT_CPS);
	put_tls(out);
	fprintf(out, "\tocn = {\"" BENCH_OCN "\"}\n\tstore = \"%s\"\n\tslots = %zu\n\tskew = %d\n",
		part(server, "store").text, slots, LIMIT_SKEW_S);
	fprintf(out, "\tprivate { listen = {\"unix:%s\"} }\n}\n", part(server, "cps").text);
}

static bool write_config(const struct bench_server *server, size_t slots)
{
	struct lab_path path = lab_path(&server->world.dir, "/bench.conf");
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	bool good;

	if (!out)
		return false;
	put_config(out, server, slots);
	good = fclose(out) == 0 && lab_write(&path, sti_span(text, n));
	free(text);
	return good;
}

static bool load_key(struct bench_server *server)
{
	struct lab_path path = lab_path(&server->world.dir, "/a/sti.key");
	struct buf pem;
	const char *why;
	enum sti_error error = file_read_secret(path.text, LIMIT_KEY, &pem, &why);

	if (!error)
		error = sti_key_parse(buf_span(&pem), &server->key);
	buf_free(&pem);
	return !error;
}

static bool spawn(struct bench_server *server)
{
	struct lab_path config = lab_path(&server->world.dir, "/bench.conf");
	struct lab_path log = part(server, "log");
	const char *argv[] = {"sidetone", "serve", config.text, NULL};
	struct lab_process_plan plan = {.argv = argv, .in = -1, .out = -1};

	plan.err = open(log.text, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	server->world.pid[LAB_A] = plan.err < 0 ? -1 : lab_process_start(&plan);
	if (plan.err >= 0)
		close(plan.err);
	return server->world.pid[LAB_A] > 0;
}

static bool is_ready(const struct bench_server *server)
{
	struct lab_answer answer;
	enum sti_error error = lab_http_admin(&server->world, LAB_A, "/ready", &answer);

	lab_answer_free(&answer);
	return !error && answer.status == 200;
}

static bool wait_ready(struct bench_server *server)
{
	int64_t until = clock_mono_ms() + READY_MS;

	while (!is_ready(server))
		if (clock_mono_ms() > until || lab_process_wait(server->world.pid[LAB_A], PAUSE_MS) >= 0)
			return false;
	return true;
}

static struct lab_path admin_address(const struct bench_server *server)
{
	struct lab_path address;

	snprintf(address.text, sizeof(address.text), "unix:%.*s/a.admin", LIMIT_PATH - 32, server->world.run.text);
	return address;
}

/* The one that listens, not its supervisor. */
static bool find_worker(struct bench_server *server)
{
	struct lab_path path = admin_address(server);
	struct endpoint admin = {.size = 0};
	struct ucred listener;
	socklen_t n = sizeof(listener);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good = fd >= 0 && endpoint_parse(path.text, &admin) == STI_OK &&
		    connect(fd, &admin.address.any, admin.size) == 0 &&
		    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &listener, &n) == 0;

	if (good)
		server->worker = listener.pid;
	if (fd >= 0)
		close(fd);
	return good;
}

static void quote_log(const struct bench_server *server)
{
	struct lab_path path = part(server, "log");
	struct sti_span text;
	struct buf log;

	if (file_read(path.text, LIMIT_HTTP_REPLY, &log) == STI_OK) {
		text = sti_span_from(buf_span(&log), log.n > QUOTE ? log.n - QUOTE : 0);
		complain(STATUS_SYSTEM, "the server does not come up; its log:\n%.*s", (int)text.n,
			 (const char *)text.p);
	}
	buf_free(&log);
}

bool bench_server_start(struct bench_server *server, size_t slots)
{
	struct lab_path ca;

	*server = (struct bench_server){.worker = 0};
	if (!lab_world_make(&server->world, NULL))
		return false;
	ca = lab_path(&server->world.dir, "/tls-ca.pem");
	server->tls = bench_client_tls(ca.text);
	if (!server->tls || !load_key(server) || !write_config(server, slots) || !spawn(server)) {
		complain(STATUS_SYSTEM, "the server cannot be started: %s", strerror(errno));
		return false;
	}
	if (wait_ready(server) && find_worker(server))
		return true;
	quote_log(server);
	return false;
}

void bench_server_stop(struct bench_server *server)
{
	if (server->world.pid[LAB_A] > 0) {
		lab_process_tell(server->world.pid[LAB_A]);
		lab_process_end(server->world.pid[LAB_A], STOP_MS);
	}
	if (server->world.run.text[0])
		lab_world_remove(&server->world);
	sti_key_free(server->key);
	SSL_CTX_free(server->tls);
	*server = (struct bench_server){.worker = 0};
}

bool bench_server_peer(const struct bench_server *server, enum lab_port port, struct bench_peer *out)
{
	char address[32];

	snprintf(address, sizeof(address), "127.0.0.1:%u", server->world.port[LAB_A][port]);
	out->tls = port == LAB_PORT_CPS ? server->tls : NULL;
	return endpoint_parse(address, &out->endpoint) == STI_OK;
}

double bench_server_cpu(const struct bench_server *server)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(server->worker, &clock) || clock_gettime(clock, &t))
		return -1;
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* KiB behind `name` in /proc/PID/status. */
static int64_t status_value(struct sti_span text, const char *name)
{
	struct sti_span line, key;
	int64_t kib;

	while (sti_span_cut(&text, '\n', &line)) {
		if (!sti_span_cut(&line, ':', &key) || !sti_span_is(key, name))
			continue;
		while (line.n && (*line.p == ' ' || *line.p == '\t'))
			line = sti_span_from(line, 1);
		return decimal_parse(sti_span_first(line, sti_span_find(line, ' ')), INT32_MAX, &kib) ? -1 : kib;
	}
	return -1;
}

/* Mapped pages of the store's file are resident as shared memory: they count with the file. */
int64_t bench_server_memory(const struct bench_server *server)
{
	struct lab_path store = part(server, "store");
	uint8_t memory[STATUS_FILE];
	char path[64];
	struct stat st;
	ssize_t n = -1;
	int64_t own, mapped;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)server->worker);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, memory, sizeof(memory));
		close(fd);
	}
	if (n <= 0 || stat(store.text, &st))
		return -1;
	own = status_value(sti_span(memory, (size_t)n), "RssAnon");
	mapped = status_value(sti_span(memory, (size_t)n), "RssFile");
	return own < 0 || mapped < 0 ? -1 : (own + mapped) * 1024 + (int64_t)st.st_blocks * 512;
}

int64_t bench_server_metric(const struct bench_server *server, const char *series)
{
	return lab_carrier_metric(&server->world, LAB_A, series);
}
