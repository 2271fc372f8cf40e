"""Stores: where files lie, be it a folder, an S3 bucket or an SFTP server, all asked in the same words."""

from mangnon.stores.places import PLACES, Place, open_store, shown
from mangnon.stores.store import Entry, Listing, NotReadable, Skipped, Store, StoreFailure, readable_name

__all__ = [
    "PLACES",
    "Entry",
    "Listing",
    "NotReadable",
    "Place",
    "Skipped",
    "Store",
    "StoreFailure",
    "open_store",
    "readable_name",
    "shown",
]
