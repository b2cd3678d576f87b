/* capture.c - see capture.h. Without libpcap at build time it says so and does nothing. */
#include "live/redis/capture.h"

#include "core/base/buf.h"

#include <stdlib.h>
#include <string.h>

#ifdef LIVE_PCAP

/* pcap.h wants BSD's names of integers. */
typedef unsigned char u_char;
typedef unsigned short u_short;
typedef unsigned int u_int;
#    include <pcap/pcap.h>

enum { SNAPLEN = 65535, BUFFER = 32 << 20, AT_ONCE = 100000 };

struct live_capture {
    pcap_t *pcap;
    enum live_capture_link link;
    struct live_capture_parser parser;
};

static bool link_of(int type, enum live_capture_link *out)
{
    static const struct {
        int type;
        enum live_capture_link link;
    } known[] = {
        {DLT_EN10MB,    LIVE_LINK_ETHERNET},
        {DLT_LINUX_SLL, LIVE_LINK_COOKED  },
        {DLT_RAW,       LIVE_LINK_RAW     },
        {DLT_NULL,      LIVE_LINK_NULL    },
    };
    for (size_t i = 0; i < FORE_COUNTOF(known); i++)
        if (known[i].type == type) {
            *out = known[i].link;
            return true;
        }
    return false;
}

static enum fore_err set_filter(pcap_t *pcap, const struct live_capture_options *options,
                                struct fore_diag *diag)
{
    struct fore_buf text = {0};
    struct bpf_program program;
    fore_buf_puts(&text, "tcp and (");
    for (size_t i = 0; i < options->port_count; i++)
        fore_buf_printf(&text, "%sdst port %u", i > 0 ? " or " : "", (unsigned)options->port[i]);
    fore_buf_puts(&text, ")");
    bool compiled = pcap_compile(pcap, &program, text.data, 1, PCAP_NETMASK_UNKNOWN) == 0;
    bool set = compiled && pcap_setfilter(pcap, &program) == 0;
    if (compiled) pcap_freecode(&program);
    fore_buf_fini(&text);
    return set ? FORE_E_OK
               : fore_err_set(diag, FORE_E_IO, "capture: no filter: %s", pcap_geterr(pcap));
}

static enum fore_err activate(struct live_capture *capture, const char *device,
                              struct fore_diag *diag)
{
    pcap_t *pcap = capture->pcap;
    (void)pcap_set_snaplen(pcap, SNAPLEN);
    (void)pcap_set_timeout(pcap, 1);
    (void)pcap_set_buffer_size(pcap, BUFFER);
    int result = pcap_activate(pcap);
    bool refused = result == PCAP_ERROR_PERM_DENIED;
    if (result < 0)
        return fore_err_set(
            diag, refused ? FORE_E_REFUSED : FORE_E_IO, "capture on %.32s: %s", device,
            refused ? "not permitted (it needs root or CAP_NET_RAW)" : pcap_statustostr(result));
    if (!link_of(pcap_datalink(pcap), &capture->link))
        return fore_err_set(diag, FORE_E_UNSUPPORTED, "capture on %.32s: link type %d", device,
                            pcap_datalink(pcap));
    char why[PCAP_ERRBUF_SIZE] = "";
    if (pcap_setnonblock(pcap, 1, why) == 0) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_IO, "capture on %.32s: %.80s", device, why);
}

enum fore_err live_capture_open(struct live_capture **out,
                                const struct live_capture_options *options, struct fore_diag *diag)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    *out = NULL;
    if (options->port_count == 0 || options->port_count > LIVE_CAPTURE_PORTS)
        return fore_err_set(diag, FORE_E_RANGE, "capture: %zu ports; 1 to %d can be watched",
                            options->port_count, LIVE_CAPTURE_PORTS);
    struct live_capture *capture = calloc(1, sizeof *capture);
    FORE_ASSERT(capture != NULL);
    capture->parser.commands = options->commands;
    capture->pcap = pcap_create(options->device, why);
    enum fore_err err = capture->pcap != NULL
                            ? activate(capture, options->device, diag)
                            : fore_err_set(diag, FORE_E_IO, "capture: %.80s", why);
    if (err == FORE_E_OK) err = set_filter(capture->pcap, options, diag);
    if (err != FORE_E_OK) {
        live_capture_close(capture);
        return err;
    }
    *out = capture;
    return FORE_E_OK;
}

void live_capture_close(struct live_capture *capture)
{
    if (capture == NULL) return;
    if (capture->pcap != NULL) pcap_close(capture->pcap);
    free(capture);
}

static void take_packet(u_char *self, const struct pcap_pkthdr *head, const u_char *bytes)
{
    struct live_capture *capture = (void *)self;
    live_capture_packet(&capture->parser, capture->link, bytes, head->caplen);
}

void live_capture_drain(struct live_capture *capture)
{
    (void)pcap_dispatch(capture->pcap, AT_ONCE, take_packet, (void *)capture);
}

void live_capture_take(struct live_capture *capture, struct live_capture_counts *out)
{
    live_capture_drain(capture);
    *out = capture->parser.counts;
    memset(&capture->parser.counts, 0, sizeof capture->parser.counts);
    capture->parser.counts.packets = out->packets; /* numbers the flows' ages */
}

uint64_t live_capture_dropped(struct live_capture *capture)
{
    struct pcap_stat stat = {0};
    return pcap_stats(capture->pcap, &stat) == 0 ? stat.ps_drop : 0;
}

#else

enum fore_err live_capture_open(struct live_capture **out,
                                const struct live_capture_options *options, struct fore_diag *diag)
{
    (void)options;
    *out = NULL;
    return fore_err_set(diag, FORE_E_UNSUPPORTED, "capture: built without libpcap");
}

void live_capture_close(struct live_capture *capture)
{
    FORE_ASSERT(capture == NULL);
}

void live_capture_drain(struct live_capture *capture)
{
    FORE_ASSERT(capture == NULL);
}

void live_capture_take(struct live_capture *capture, struct live_capture_counts *out)
{
    FORE_ASSERT(capture == NULL);
    memset(out, 0, sizeof *out);
}

uint64_t live_capture_dropped(struct live_capture *capture)
{
    FORE_ASSERT(capture == NULL);
    return 0;
}

#endif
