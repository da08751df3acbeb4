/** Shell, session, errors, real-time line. */
export const common = {
  "app.name": "Vigie",
  "app.tagline": "Centre de supervision urbain",
  "app.skip": "Aller au contenu",
  "app.loading": "Chargement…",
  "app.notfound": "Cette page n'existe pas.",
  "app.refused": "Votre rôle n'ouvre pas cet écran.",
  "app.refused_hint": "Adressez-vous à votre responsable si vous en avez besoin.",
  "app.crash": "Cet écran s'est interrompu.",
  "app.reload": "Recharger l'écran",
  "app.language": "Langue",
  "app.clock": "Heure de Paris",

  "nav.label": "Navigation principale",
  "nav.map": "Carte",
  "nav.live": "Direct",
  "nav.incidents": "Incidents",
  "nav.partners": "Partenaires",
  "nav.inbox": "Signalements",
  "nav.register": "Registre",
  "nav.fleet": "Parc",
  "nav.people": "Agents",

  "session.menu": "Compte de {name}",
  "session.logout": "Se déconnecter",
  "session.habilitation": "Habilitation {id}",
  "session.habilitation_until": "valable jusqu'au {date}",
  "session.no_habilitation": "Aucune habilitation",

  "login.title": "Connexion",
  "login.intro": "Accès réservé aux agents habilités. Chaque consultation d'image est inscrite au registre.",
  "login.button": "Se connecter",
  "login.unreachable": "Le serveur ne répond pas. La page réessaie toutes les 5 secondes.",
  "login.problem.compte-inconnu":
    "Ce compte n'est pas connu de Vigie : demandez son inscription à votre responsable.",
  "login.problem.compte-revoque": "Ce compte est révoqué : adressez-vous à votre responsable.",
  "login.problem.habilitation-expiree":
    "Votre habilitation n'est pas valable aujourd'hui : demandez son renouvellement.",
  "login.problem.connexion-refusee": "La connexion a été refusée par le fournisseur d'identité.",
  "login.problem.connexion-expiree": "La connexion a pris trop de temps : recommencez.",
  "login.problem.fournisseur-indisponible":
    "Le fournisseur d'identité ne répond pas : réessayez dans un instant.",
  "login.problem.session-terminee":
    "Votre session est terminée ou a été révoquée : reconnectez-vous. Si la connexion est refusée, adressez-vous à votre responsable.",

  "problem.title": "Une erreur est survenue",
  "problem.unreachable": "Le serveur ne répond pas",
  "problem.unreachable_detail": "Vérifiez le réseau ; la console réessaie d'elle-même.",
  "problem.restarting": "Le service redémarre…",
  "problem.restarting_detail": "Réessayez dans quelques secondes.",
  "problem.rule": "Règle",
  "problem.citation": "Fondement",
  "problem.retry": "Réessayer",

  "push.live": "À jour",
  "push.live_hint": "L'écran suit le serveur en temps réel.",
  "push.connecting": "Connexion…",
  "push.connecting_hint": "Ouverture de la liaison temps réel.",
  "push.stale": "Périmé",
  "push.stale_hint": "Liaison temps réel coupée : ce qui est affiché peut dater. Reprise automatique.",
} as const;
