#!/usr/bin/env python3
"""test_inject.py: whichever call of another library fails, no run passes that did not before

DRVERIFY names the built program, INJECT the library of inject.c, MONGO_COMMAND the program that fills
a collection, DRV_TEST_POSTGRESQL and DRV_TEST_MONGODB the servers; what has no server is skipped.
With DRV_EVERY=1 each function fails at up to forty of its calls, else at the first and the last.
"""
import concurrent.futures
import errno
import os
import subprocess
import sys
import unittest

import scene

PROGRAM = os.path.abspath(os.environ["DRVERIFY"])
INJECT = os.environ.get("INJECT")
EVERY = bool(os.environ.get("DRV_EVERY"))
DATABASE = "drverify_inject"

# What each function returns when it fails, with the number that errno has then. "!" where it leaves
# something set up that is used all the same.
FAILS = {
    # OpenSSL
    "BIO_new_mem_buf": [0], "EVP_Digest": [0], "EVP_DigestFinal_ex": [0], "EVP_DigestInit_ex2": [0],
    "EVP_DigestUpdate": [0], "EVP_DigestVerify": [0, -1], "EVP_DigestVerifyInit": [0],
    "EVP_MD_CTX_copy_ex": [0], "EVP_MD_CTX_new": [0], "EVP_MD_fetch": [0],
    "EVP_MD_get_block_size": [-1], "EVP_PKEY_get0_type_name": [0], "EVP_PKEY_is_a": [0],
    "PEM_read_bio": [0], "RAND_bytes": [0], "RAND_priv_bytes": [0], "SHA256_Final": [0],
    "SHA256_Init": [0], "SHA256_Update": [0], "d2i_PUBKEY": [0], "i2d_PUBKEY": [-1], "ERR_set_mark": [0],
    "ERR_pop_to_mark": [0],
    # libpq
    "PQcancel": [0], "PQcmdTuples": ["text"], "PQconnectPoll": [0], "PQconnectStartParams": [0],
    "PQcopyResult": [0], "PQsetvalue": [0], "PQconninfo": [0], "PQconninfoParse": [0],
    "PQconsumeInput": [0], "PQescapeIdentifier": [0],
    "PQescapeLiteral": [0], "PQflush": [-1], "PQgetCancel": [0], "PQgetCopyData": [-1, -2],
    "PQgetResult": [0], "PQnfields": [0],
    "PQparameterStatus": [0], "PQresultStatus": [7], "PQsendDescribePrepared": [0],
    "PQsendPrepare": [0], "PQsendQuery": [0], "PQsendQueryParams": [0], "PQsendQueryPrepared": [0],
    "PQserverVersion": [0], "PQsetSingleRowMode": [0], "PQsetnonblocking": [-1], "PQsocket": [-1],
    "PQstatus": [1], "PQtransactionStatus": [4], "PQhostaddr": [0], "PQresultErrorField": [0], "PQresultErrorMessage": ["text"],
    "PQerrorMessage": ["text"],
    # libbson and libmongoc
    "bson_append_array": [0], "bson_append_document": [0], "bson_append_null": [0],
    "bson_append_utf8": [0], "bson_append_oid": [0], "bson_append_regex": [0],
    "bson_append_decimal128": [0], "bson_append_double": [0],
    "bson_decimal128_from_string": [0], "bson_init_static": ["!0"],
    "mongoc_client_new_from_uri_with_error": [0], "mongoc_client_command_with_opts": ["!0"],
    "mongoc_client_pool_try_pop": [0], "mongoc_client_select_server": [0],
    "mongoc_client_session_append": [0], "mongoc_client_start_session": [0], "mongoc_client_set_error_api": [0],
    "mongoc_stream_check_closed": [1], "mongoc_stream_close": [-1], "mongoc_stream_flush": [-1],
    "mongoc_stream_read": [-1, 0], "mongoc_stream_setsockopt": [-1],
    "mongoc_stream_tls_handshake_block": [0], "mongoc_stream_tls_new_with_hostname": [0],
    "mongoc_stream_writev": [-1], "mongoc_uri_new_with_error": [0], "mongoc_uri_set_appname": [0],
    "mongoc_uri_set_compressors": [0], "mongoc_uri_set_option_as_bool": [0],
    "mongoc_uri_set_option_as_int32": [0],
    # the C library
    "access": [(-1, errno.EACCES)], "calloc": [(0, errno.ENOMEM)], "close": [(-1, errno.EIO)],
    "connect": [(-1, errno.ECONNREFUSED)], "fstat64": [(-1, errno.EIO)],
    "fstatat64": [(-1, errno.EIO)], "fsync": [(-1, errno.EIO)], "getaddrinfo": [-4],
    "getsockopt": [(-1, errno.ENOTSOCK)], "malloc": [(0, errno.ENOMEM)],
    "mkostemp64": [(-1, errno.ENOSPC)], "newlocale": [(0, errno.ENOMEM)],
    "open64": [(-1, errno.EMFILE)], "openat64": [(-1, errno.ENOSPC)], "pipe2": [(-1, errno.EMFILE)],
    "poll": [(-1, errno.EINTR), (-1, errno.ENOMEM)], "pread64": [(-1, errno.EIO), 0],
    "pthread_cond_init": [errno.EAGAIN], "pthread_create": [errno.EAGAIN],
    "pthread_mutex_init": [errno.EAGAIN], "pthread_sigmask": [errno.EINVAL],
    "pwrite64": [(-1, errno.ENOSPC), (-1, errno.EIO)], "realloc": [(0, errno.ENOMEM)],
    "recv": [(-1, errno.ECONNRESET), 0], "renameat": [(-1, errno.EIO)],
    "send": [(-1, errno.EPIPE)], "setsockopt": [(-1, errno.ENOPROTOOPT)],
    "socket": [(-1, errno.EMFILE)], "strdup": [(0, errno.ENOMEM)], "strndup": [(0, errno.ENOMEM)],
    "sysconf": [-1], "unlink": [(-1, errno.EIO)], "unlinkat": [(-1, errno.EIO)],
}

# Functions that have no way to fail, or tell the same whenever they are asked.
NEVER_FAIL = {
    "they give back what they were given": """
        BIO_free CRYPTO_clear_free CRYPTO_free EVP_MD_CTX_free EVP_MD_free EVP_PKEY_free
        OPENSSL_cleanse PQclear PQconninfoFree PQfinish PQfreeCancel PQfreemem bson_destroy free
        freeaddrinfo freelocale mongoc_client_destroy mongoc_client_reset
        mongoc_server_description_destroy mongoc_stream_destroy
        mongoc_client_pool_push mongoc_client_session_destroy mongoc_session_opts_destroy
        mongoc_uri_destroy
        pthread_cond_destroy pthread_condattr_destroy pthread_mutex_destroy""",
    "they look at memory": """
        EVP_EncodeBlock EVP_sha256 PQbackendPID PQdb PQgetisnull PQgetlength PQgetvalue PQhost PQisBusy
        PQisnonblocking PQnotifies PQnparams PQntuples PQpass PQpipelineStatus PQport PQsslInUse
        _mongoc_log_get_handler bson_decimal128_to_string bson_get_data bson_init bson_iter_array
        bson_iter_as_bool bson_iter_as_int64 bson_iter_binary bson_iter_bool bson_iter_code
        bson_iter_codewscope bson_iter_date_time bson_iter_decimal128 bson_iter_document
        bson_iter_double bson_iter_find bson_iter_find_descendant bson_iter_find_w_len bson_iter_init
        bson_iter_init_find bson_iter_recurse bson_iter_int32 bson_iter_int64 bson_iter_key bson_iter_oid
        bson_iter_regex bson_iter_symbol bson_iter_timestamp bson_iter_type bson_iter_utf8
        bson_oid_copy bson_oid_equal bson_oid_init_from_string bson_oid_is_valid bson_oid_to_string
        bson_reinit bson_set_error bson_uint32_to_string mongoc_client_get_read_prefs
        mongoc_client_get_uri mongoc_server_description_host mongoc_server_description_id
        mongoc_ssl_opt_get_default mongoc_uri_get_auth_mechanism mongoc_uri_get_database
        mongoc_uri_get_hosts mongoc_uri_get_option_as_bool mongoc_uri_get_option_as_int32
        mongoc_uri_get_option_as_utf8 mongoc_uri_get_tls mongoc_uri_has_option
        mongoc_stream_should_retry mongoc_stream_timed_out""",
    "they fail beyond 2 GB only, which no command comes to that has no part of a document in it": """
        bson_append_array_begin bson_append_array_end bson_append_binary bson_append_bool
        bson_append_date_time bson_append_document_begin bson_append_document_end
        bson_append_int32 bson_append_int64""",
    "they fail for stored bytes that are no BSON only, which other tests make": "bson_iter_next",
    "they set something up, and say nothing": """
        PQsetErrorVerbosity PQsetNoticeProcessor mongoc_session_opts_new
        mongoc_session_opts_set_causal_consistency mongoc_client_set_stream_initiator mongoc_init
        mongoc_log_default_handler mongoc_log_set_handler pthread_once sigfillset""",
    "they fail for arguments that make no sense only": """
        clock_gettime pthread_cond_signal pthread_cond_timedwait pthread_condattr_init
        pthread_condattr_setclock pthread_detach pthread_join pthread_mutex_lock
        pthread_mutex_unlock""",
    "they work on texts and numbers": """
        frexp memchr memcmp memcpy memmem memmove memrchr memset qsort qsort_r snprintf strcasecmp
        strcasestr strchr strcmp strcpy strcspn strerror_r strlen strncasecmp strncat strncmp
        strncpy strnlen strpbrk strrchr strspn strstr strtod strtod_l strtof strtol strtoll strtoul
        strtoull vsnprintf""",
}

# What they tell is for people only: a run may pass without it, but has to say the same of the data.
FOR_PEOPLE = {"PQparameterStatus"}


def never_fail():
    return {name for names in NEVER_FAIL.values() for name in names.split()}


def chosen(calls):
    """Which calls of so many fail in turn."""
    most = 40 if EVERY else 2
    if calls <= most:
        return range(1, calls + 1)
    return sorted({1 + i * (calls - 1) // (most - 1) for i in range(most)})


class Injecting(unittest.TestCase):
    def preload(self, **wishes):
        return {"LD_PRELOAD": INJECT, "LD_BIND_NOW": "1", **wishes}

    def counts(self, stage):
        """How often each function is called in a run in which none fails, and that run."""
        path = os.path.join(stage.folder.name, "counts")
        intact = stage.run(env=self.preload(DRV_INJECT_COUNTS=path))
        with open(path, encoding="utf-8") as file:
            lines = [line.split() for line in file]
        return {name: int(count) for name, count in lines}, intact

    def fail_each(self, stage, status):
        counts, intact = self.counts(stage)
        self.assertEqual(intact.status, status, intact.text)
        wishes = [f"{name}:{call}:" + (":".join(str(part) for part in value)
                                       if isinstance(value, tuple) else str(value))
                  for name, values in sorted(FAILS.items()) for value in values
                  for call in chosen(counts.get(name, 0))]

        def attempt(wish):
            outcome = stage.run(wish, env=self.preload(DRV_INJECT=wish), options=["--timeout", "5s"],
                                within=30)
            wrong = scene.complaint(outcome, intact, wish.split(":")[0] in FOR_PEOPLE)
            return f"{wish}: {wrong}\n{outcome.text if wrong else ''}" if wrong else ""

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            wrong = [one for one in pool.map(attempt, wishes) if one]
        print(f"{len(wishes)} calls failed, {sum(1 for name in FAILS if counts.get(name))} functions; "
              f"not called: {' '.join(name for name in sorted(FAILS) if not counts.get(name))}",
              file=sys.stderr)
        self.assertFalse(wrong, f"{len(wrong)} of {len(wishes)}:\n" + "\n".join(wrong))

    def stage(self, written, place):
        stage = scene.Stage(PROGRAM, written, place, ["--allow-sql", "--jobs", "1"])
        self.addCleanup(stage.close)
        return stage

    def test_no_function_is_forgotten(self):
        stage = self.stage(scene.document("postgresql", scene.ON_POSTGRESQL), "host=/nowhere")
        imported = set(self.counts(stage)[0])
        self.assertEqual(imported - set(FAILS) - never_fail(), set(),
                         "add them to one of the two tables")
        self.assertFalse(set(FAILS) & never_fail())

    @unittest.skipUnless(scene.POSTGRESQL, "DRV_TEST_POSTGRESQL is not set")
    def test_postgresql(self):
        scene.make_postgresql(DATABASE)
        self.addCleanup(scene.psql, f"DROP DATABASE {DATABASE} WITH (FORCE)", "postgres")
        stage = self.stage(scene.document("postgresql", scene.ON_POSTGRESQL), scene.reader(DATABASE))
        key = os.path.join(stage.folder.name, "ops")
        subprocess.run([PROGRAM, "keygen", key], check=True, stdout=subprocess.DEVNULL)
        stage.options += ["--key", f"content={key}"]
        stage.capture(["--sign", key])
        stage.options += ["--restored-to", "baseline", "--trust", f"{key}.pub"]
        with self.subTest("intact"):
            self.fail_each(stage, 0)
        scene.psql(scene.DAMAGE, DATABASE)
        if EVERY:
            with self.subTest("damaged"):
                self.fail_each(stage, 2)

    @unittest.skipUnless(scene.MONGODB, "DRV_TEST_MONGODB is not set")
    def test_mongodb(self):
        scene.make_mongodb(DATABASE)
        self.addCleanup(scene.mongo, DATABASE, {"dropDatabase": 1})
        stage = self.stage(scene.document("mongodb", scene.ON_MONGODB, DATABASE), scene.MONGODB)
        stage.capture()
        stage.options += ["--restored-to", "baseline"]
        self.fail_each(stage, 0)


if __name__ == "__main__":
    if not INJECT:
        print("skipped: inject.c is for other processors", file=sys.stderr)
        sys.exit(77)
    unittest.main()
