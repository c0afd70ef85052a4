"""Addresses of the people room."""

from django.urls import path

from dealwright.base.people.pages import company, entrance, identity, own, structure, users

urlpatterns = [
    path("welcome", entrance.welcome, name="welcome"),
    path("invitation/<str:token>", entrance.invitation, name="invitation"),
    path("settings/company", company.company, name="company"),
    path("settings/users", users.user_list, name="users"),
    path("settings/users/invite", users.invite, name="invite"),
    path("settings/users/<uuid:user_id>", users.user, name="user"),
    path("settings/users/<uuid:user_id>/<slug:verb>", users.act, name="user-act"),
    path("settings/roles", structure.roles, name="roles"),
    path("settings/roles/<uuid:role_id>", structure.role, name="role"),
    path("settings/roles/<uuid:role_id>/delete", structure.delete_role, name="delete-role"),
    path("settings/teams", structure.teams, name="teams"),
    path("settings/teams/<uuid:team_id>", structure.team, name="team"),
    path("settings/teams/<uuid:team_id>/delete", structure.delete_team, name="delete-team"),
    path("settings/tokens", own.tokens, name="tokens"),
    path("settings/tokens/<uuid:token_id>/revoke", own.revoke_token, name="revoke-token"),
    path("settings/tokens/programs/<str:client_id>/revoke", own.revoke_grant, name="revoke-grant"),
    path("settings/sessions/<int:session_id>/end", own.end_one_session, name="end-session"),
    path("settings/identity", identity.overview, name="identity"),
    path("settings/identity/providers/add", identity.add_provider, name="add-provider"),
    path(
        "settings/identity/providers/<int:provider_pk>/remove",
        identity.remove_provider,
        name="remove-provider",
    ),
    path("settings/identity/programs/add", identity.add_client, name="add-client"),
    path(
        "settings/identity/programs/<str:client_id>/remove",
        identity.remove_client,
        name="remove-client",
    ),
]
